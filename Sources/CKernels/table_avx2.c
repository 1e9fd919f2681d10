// The table of the AVX2 kernels.
#include "kernels.h"

const carat_kernels *carat_kernels_avx2(void) { return NULL; }
