# Stands in for journalctl: prints the last lines that the services of `-u UNIT` logged. There is no journal here.
while [ $# -gt 0 ]; do
  case $1 in -u) tail -n 30 "/var/log/${2%.service}.log"; shift ;; esac
  shift
done
