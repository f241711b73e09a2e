/**
 * Shell that puts this machine's own shell and one tool of its own, with the libraries that they load, into the store,
 * as real packages bring theirs: a sandbox may hold nothing else. Programs that are in the store are used from there,
 * and a system without /proc (macOS) lets builds use /bin. The path is content-addressed, so it needs no signature.
 *
 * Reads `name` and `tmp`; sets `sh` and `tool` (program and words), `inputs` (store paths) and `library`.
 */
export const bringProgram = (tool: 'chmod' | 'sleep'): string => `
sh='/bin/sh' tool='/bin/${tool}' inputs='' library=''
resolve() {
  # Not by command -v: busybox names its own programs without a path. The PATH of Nix's daemon on NixOS holds no shell.
  file=$(IFS=:; for dir in $PATH /bin; do [ ! -x "$dir/$1" ] || { echo "$dir/$1"; break; }; done)
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
  folder=$tmp/$name-program
  # Of the shell that is taken; another may run this (busybox runs itself where sh is asked for).
  resolve sh
  loader=$("$file" -c 'while read -r _ _ _ _ _ lib; do
    case $lib in */ld-* | */ld.so* | */ld64.so*) echo "$lib"; break ;; esac
  done < /proc/$$/maps')
  take sh; sh=$file
  take ${tool}; tool=$file
  if [ -d "$folder" ]; then
    library=$(nix-store --add "$folder" --option min-free 0) || exit 8
    inputs="$inputs $library"
    start=$library/
    [ -z "$loader" ] || start="$library/ld.so $library/"
    case $sh in @*) sh=$start\${sh#@} ;; esac
    case $tool in @*) tool=$start\${tool#@} ;; esac
  fi
fi
`;
