#pragma once
// The part of libomp's exported interface that Carat uses. Declared here because the compiler-generated entry points
// have no header, and because `-fopenmp` would need unsafe build flags. GOMP_* is libomp's GCC-compatible interface.
#include <stddef.h>

/// Runs `body(data)` on a team of `threads` threads, the caller among them; returns when all are done.
void GOMP_parallel(void (*body)(void *data), void *data, unsigned threads, unsigned flags);
/// Waits until every thread of the current team is here.
void GOMP_barrier(void);
/// Number of the calling thread within its team; 0 outside of a team.
int omp_get_thread_num(void);
/// Threads a new team would have by default.
int omp_get_max_threads(void);
/// The most threads that any team may have: OMP_THREAD_LIMIT, say.
int omp_get_thread_limit(void);
/// How long an idle worker spins for more work before it sleeps, in milliseconds.
void kmp_set_blocktime(int milliseconds);
/// Bytes of a worker's stack; can be set until the first team starts.
size_t kmp_get_stacksize_s(void);
void kmp_set_stacksize_s(size_t bytes);
