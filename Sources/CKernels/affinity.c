// Where threads run: Linux's affinity masks, whose calls Swift does not see.
#if defined(__linux__)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#endif
#include "CAffinity.h"

#if defined(__linux__)
int carat_allowed_cores(void) {
    cpu_set_t mask;
    return sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 0;
}

void carat_visit_core(int number) {
    cpu_set_t mask, one;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0) return;
    for (int core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, &mask) && number-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(core, &one);
            if (sched_setaffinity(0, sizeof one, &one) == 0) sched_setaffinity(0, sizeof mask, &mask);
            return;
        }
}
#else
int carat_allowed_cores(void) { return 0; }
void carat_visit_core(int number) {
    (void)number;
}
#endif
