// The table of the AVX-VNNI kernels: that of AVX2 with its own dots and tiles.
#include "kernels.h"

#if CARAT_HAS_AVX2
#include <pthread.h>

static carat_kernels avxvnni;

static void fill(void) {
    avxvnni = *carat_kernels_avx2();
    avxvnni.isa = "avxvnni";
    CARAT_SET_DOTS_AND_TILES(avxvnni, avxvnni);
    avxvnni.tile_positions = 3;
}

const carat_kernels *carat_kernels_avxvnni(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (carat_kernels_avx2() == NULL || !__builtin_cpu_supports("avxvnni")) return NULL;
    pthread_once(&once, fill);
    return &avxvnni;
}
#else
const carat_kernels *carat_kernels_avxvnni(void) { return NULL; }
#endif
