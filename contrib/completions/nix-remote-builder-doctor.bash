# bash completion of nix-remote-builder-doctor
_nix_remote_builder_doctor() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=check words= one
  COMPREPLY=()
  case $before in
    --stage) COMPREPLY=($(compgen -W 'client network ssh nix build fleet' -- "$word")); return ;;
    --tag) COMPREPLY=($(compgen -W 'security speed' -- "$word")); return ;;
    --skip-tag) COMPREPLY=($(compgen -W 'security speed' -- "$word")); return ;;
    --exit) COMPREPLY=($(compgen -W 'check nagios' -- "$word")); return ;;
    --scheme) COMPREPLY=($(compgen -W 'ssh ssh-ng' -- "$word")); return ;;
    -m | --machines-file | -s | --spec | --secret-file | --waive | -f | --format | --record | --replay | --state | --key | --current-load) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  for one in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $one in
      check | serve | watch | fix | healthy | build-hook | enroll | list | explain | lint | new | schema | machines | route | render | merge | diff) command=$one; break ;;
    esac
  done
  case $command in
    check) words='-m --machines-file --builders -i --include -e --exclude --inventory -t --test --skip --stage --tag --skip-tag -s --spec --no-default-specs --var --secret --secret-file --secret-command -j --jobs --timeout --read-only --waive -f --format --record --replay --shard --exit --strict --deadline --update-snapshots --timings -v --verbose -q --quiet -h --help' ;;
    serve) words='-m --machines-file --builders -i --include -e --exclude --inventory -t --test --skip --stage --tag --skip-tag -s --spec --no-default-specs --var --secret --secret-file --secret-command -j --jobs --timeout --read-only --waive --listen --interval -h --help' ;;
    watch) words='-m --machines-file --builders -i --include -e --exclude --inventory -t --test --skip --stage --tag --skip-tag -s --spec --no-default-specs --var --secret --secret-file --secret-command -j --jobs --timeout --read-only --waive --every -h --help' ;;
    fix) words='-m --machines-file --builders -i --include -e --exclude --inventory -t --test --skip --stage --tag --skip-tag -s --spec --no-default-specs --var --secret --secret-file --secret-command -j --jobs --timeout --read-only --waive --apply --yes -h --help' ;;
    healthy) words='-m --machines-file --builders -i --include -e --exclude --inventory -t --test --skip --stage --tag --skip-tag -s --spec --no-default-specs --var --secret --secret-file --secret-command -j --jobs --timeout --read-only --waive -h --help' ;;
    build-hook) words='--hook --state -h --help' ;;
    enroll) words='--scheme --key --fingerprint --speed --check --write -m --machines-file -f --format -h --help' ;;
    list) words='--stage --tag -s --spec --no-default-specs -f --format -h --help' ;;
    explain) words='-s --spec -h --help' ;;
    lint) words='-f --format -h --help' ;;
    new) words='-h --help' ;;
    schema) words='-h --help' ;;
    machines) words='-m --machines-file --builders --nix-version -f --format -h --help' ;;
    route) words='--system --feature --derivation -m --machines-file --builders --current-load --nix-version --jobs --observe -f --format -h --help' ;;
    render) words='-f --format --exit -v --verbose -q --quiet -h --help' ;;
    merge) words='-f --format --exit --strict -v --verbose -q --quiet -h --help' ;;
    diff) words='-f --format -h --help' ;;
  esac
  if [[ $COMP_CWORD -eq 1 ]]; then words="$words check serve watch fix healthy build-hook enroll list explain lint new schema machines route render merge diff"; fi
  if [[ $COMP_CWORD -eq 1 || $word == -* ]]; then COMPREPLY=($(compgen -W "$words" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _nix_remote_builder_doctor nix-remote-builder-doctor
