/**
 * Shell that puts this machine's own shell and chmod, with the libraries that they load, into the store, as real
 * packages bring theirs: a sandbox may hold nothing else. Programs that are in the store are used from there, and a
 * system without /proc (macOS) lets builds use /bin. The path is content-addressed, so it needs no signature.
 *
 * Reads `name` and `tmp`; sets `sh` (program and words), `chmod`, `inputs` (store paths) and `library`.
 */
export const bringProgram = `
sh='/bin/sh' chmod='/bin/chmod' inputs='' library=''
resolve() {
  # The PATH of Nix's daemon on NixOS holds no shell.
  file=$(command -v "$1" || echo "/bin/$1")
  while link=$(readlink "$file"); do
    case $link in /nix/store/*) file=$link ;; *) break ;; esac
  done
}
take() {
  resolve "$1"
  case $file in
    /nix/store/*)
      inside=\${file#/nix/store/}
      inputs="$inputs /nix/store/\${inside%%/*}"
      return ;;
  esac
  mkdir -p "$folder"
  cp -L "$file" "$folder/$1"
  if [ -n "$loader" ]; then
    cp -L "$loader" "$folder/ld.so"
    "$loader" --list "$file" | while read -r lib _ path _; do
      case $lib:$path in
        /*) ;;
        *:"$loader") ;;
        *:/*) cp -L "$path" "$folder/$lib" ;;
      esac
    done
  fi
  file=@$1
}
if [ -r /proc/$$/maps ]; then
  folder=$tmp/$name-program loader=''
  while read -r _ _ _ _ _ file; do
    case $file in */ld-* | */ld.so* | */ld64.so*) loader=$file ;; esac
  done < /proc/$$/maps
  take sh; sh=$file
  take chmod; chmod=$file
  if [ -d "$folder" ]; then
    library=$(nix-store --add "$folder")
    inputs="$inputs $library"
    start=$library/
    [ -z "$loader" ] || start="$library/ld.so $library/"
    case $sh in @*) sh=$start\${sh#@} ;; esac
    case $chmod in @*) chmod=$start\${chmod#@} ;; esac
  fi
fi
`;
