# Two commands do everything on a fresh Debian 12 (or macOS with Homebrew) with a Swift toolchain: make demo, make test.

APT = libzip-dev zlib1g-dev libdeflate-dev libssl-dev libdnnl-dev libjpeg-dev libpng-dev libcurl4-openssl-dev pkg-config make
BREW = libzip onednn jpeg-turbo libpng pkg-config
REFERENCE ?= ../shared/reference
PYTHON_FOLDER = .build-reference
BENCH_FOLDER ?= .build-bench
STATIC = $(if $(filter Linux,$(shell uname)),--static-swift-stdlib)

.PHONY: demo test test-pairs test-libzip build deps bench format lint reference clean

demo: build
	@bash Examples/demo.sh

test: deps
	swift build --build-tests
	swift test --skip-build --no-parallel

# Every pair of image and model against torchvision: making the weights alone takes minutes in a debug build, so `test` runs
# some of them. In a folder of its own, since a release build without testing is another build.
PAIRS = -c release --scratch-path .build-pairs -Xswiftc -enable-testing
test-pairs: deps
	swift build --build-tests $(PAIRS)
	swift test --skip-build $(PAIRS) --no-parallel --filter VisionModelsTests

# Every fixture with the libzip of Debian 13 and of sid, whose packages are unpacked into .build-libzip.
test-libzip: deps
	bash Tests/Portability/libzip.sh

# Without Swift's shared libraries on Linux: the command starts in two thirds of the time, and runs where there is no Swift.
build: deps
	swift build -c release $(STATIC)

# Prints the command that installs what is missing, and runs it: as root, else through sudo.
deps:
	@command -v swift >/dev/null || { echo "A Swift 6.3 toolchain is needed: https://swift.org/install"; exit 1; }
	@if [ "$$(uname)" = Darwin ]; then \
	  for p in $(BREW); do brew list $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	  if [ -n "$$missing" ]; then echo "+ brew install$$missing"; brew install $$missing; fi; \
	else \
	  for p in $(APT); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	  if [ -n "$$missing" ]; then \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    echo "+ $$sudo apt-get install -y$$missing"; \
	    $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	  fi; \
	fi

# A Python with torch, for fixtures and benchmarks only: nothing else here needs one.
reference:
	@[ -x $(PYTHON_FOLDER)/bin/refpython ] || WITH_PEERS=$(WITH_PEERS) bash $(REFERENCE)/setup.sh $(PYTHON_FOLDER)

bench: build
	@$(MAKE) --no-print-directory reference WITH_PEERS=1
	$(PYTHON_FOLDER)/bin/refpython Benchmarks/bench.py $(BENCH_FOLDER)
	sh Benchmarks/inference.sh $(PYTHON_FOLDER)/bin/refpython $(BENCH_FOLDER)

format:
	swift format format --in-place --recursive Sources Tests Benchmarks Examples Package.swift

lint:
	swift format lint --strict --recursive Sources Tests Benchmarks Examples Package.swift

clean:
	rm -rf .build $(BENCH_FOLDER)
