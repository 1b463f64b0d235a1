// fstatfs and mallopt, which Swift's modules of the C libraries do not have on Linux.
#if defined(__linux__)
#include <malloc.h>
#include <sys/vfs.h>
#endif
