# Libraries of other Debian releases beside the machine's own: sourced by the scripts of this folder.
#
# The packages are unpacked into a folder; nothing is installed. Needs a Debian machine whose package mirror has the releases.
packages=$PWD/.build-packages
triple=$(gcc -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
  awk -v release="$codename" '$2 == release {print $1; exit}')

root() { # root RELEASE LIBRARY: the folder that a library of a release is unpacked into
  echo "$packages/$1/$2"
}

unpack() { # unpack RELEASE LIBRARY PACKAGE…: the packages of one library, unless they are there
  local release=$1 folder=$packages/$1 root package
  root=$(root "$1" "$2")
  shift 2
  [ -e "$root/unpacked" ] && return
  mkdir -p "$folder"/{lists/partial,cache/archives/partial} "$root/debs"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$folder/sources.list"
  local options=(-qq -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd "$root/debs" && apt-get "${options[@]}" download "$@")
  for package in "$root"/debs/*.deb; do dpkg -x "$package" "$root"; done
  touch "$root/unpacked"
}

build() { # build ROOT FOLDER ARGUMENT…: swift build into FOLDER against the headers and libraries of a root
  local root=$1 folder=$2
  shift 2
  swift build --scratch-path "$folder" -Xcc -I"$root/usr/include" -Xlinker -L"$root/usr/lib/$triple" "$@" 2>&1 |
    { grep -E 'error:|warning:' || true; }
}
