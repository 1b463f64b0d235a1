#!/usr/bin/env bash
# Runs commands in a root of Debian 13, made by debootstrap, with this machine's Swift toolchain mounted into it and a clone of
# the last commit: `make demo` and the tests, unless others are given. Nothing is installed outside of the root. As root only.
#
#   Tests/Portability/debian13.sh                              make demo, make test
#   LIBZIP=sid Tests/Portability/debian13.sh                   the same with sid's libzip
#   Tests/Portability/debian13.sh 'swift test --filter Zip'    other commands
set -euo pipefail
cd "$(dirname "$0")/../.."
. Tests/Portability/packages.sh
work=$PWD/.build-debian13
root=$work/root
clone=$work/pth2swt
toolchain=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")
[ $# != 0 ] || set -- "make demo" "make test"

# Whatever the toolchain needs to run and to link; .ci/deps installs what this package needs.
include=ca-certificates,gcc,git,libc6-dev,libcurl4t64,libedit2,libncurses6,libpython3-stdlib,libsqlite3-0,libstdc++-14-dev
include+=,libxml2,make,pkg-config,procps,python3-minimal,tzdata,zlib1g-dev
if [ ! -e "$work/made" ]; then
  command -v debootstrap >/dev/null || { echo "debootstrap is needed: apt-get install debootstrap"; exit 1; }
  rm -rf "$root"
  mkdir -p "$root"
  echo "+ debootstrap trixie (its messages are in $work/debootstrap.log)"
  debootstrap --variant=minbase --include="$include" trixie "$root" "$mirror" >"$work/debootstrap.log"
  touch "$work/made"
fi
rm -f "$root/etc/resolv.conf"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

# The clone has the same path inside as outside: so the packages that are resolved outside are found inside.
[ -e "$clone" ] || git clone -q . "$clone"
git -C "$clone" fetch -q origin HEAD
git -C "$clone" checkout -q --detach FETCH_HEAD
(cd "$clone" && swift package resolve >/dev/null)

inside() { # inside COMMAND…: in a mount namespace of its own, whose mounts end with it
  unshare -m bash -euo pipefail -c '
    root=$1 toolchain=$2 clone=$3 shared=$4
    shift 4
    mount -t tmpfs tmpfs "$root/tmp"
    bind() { [ ! -e "$1" ] || { mkdir -p "$root$2" && mount --bind "$1" "$root$2"; }; }
    bind "$toolchain" "$toolchain"
    bind "$clone" "$clone"
    bind "$shared" "$(dirname "$clone")/shared"
    bind "$(dirname "$clone")/libzip" /libzip
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 LD_LIBRARY_PATH="$LIBZIP_FOLDER" \
      PATH="$toolchain/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" bash -euo pipefail -c "cd \"$clone\" && $*"
  ' bash "$root" "$toolchain" "$clone" "$PWD/../shared" "$@"
}
export LIBZIP_FOLDER=
inside "apt-get update -qq && bash .ci/deps"
if [ -n "${LIBZIP:-}" ]; then
  unpack "$LIBZIP" libzip libzip5 libzip-dev
  rm -rf "$work/libzip"
  cp -r "$(root "$LIBZIP" libzip)/usr/lib/$triple" "$work/libzip"
  export LIBZIP_FOLDER=/libzip
fi
inside "cat /etc/debian_version; swift --version 2>/dev/null | head -1; dpkg-query -W libzip5 libdnnl-dev zlib1g libc6; ls /libzip 2>/dev/null || true"
for command in "$@"; do
  echo "+ $command"
  inside "$command"
done
