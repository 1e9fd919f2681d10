// The choice of a table by what this CPU can do.
#include "kernels.h"

const carat_kernels *carat_kernels_best(void) {
    const carat_kernels *avx2 = carat_kernels_avx2();
    return avx2 ? avx2 : carat_kernels_portable();
}
