// fstatfs, which Swift's module of the C library does not have on Linux.
#if defined(__linux__)
#include <sys/vfs.h>
#endif
