// F32: weights as they are.
#include "lanes_avx2.h"
#include "portable.h"

void carat_dequantize_f32_portable(const void *row, size_t count, float *out) {
    memcpy(out, row, count * sizeof(float));
}

CARAT_PORTABLE_FLOAT_DOT(f32, 4)

#if CARAT_HAS_AVX2
CARAT_AVX2_INLINE __m256 load8_f32(const uint8_t *w) {
    return _mm256_loadu_ps((const float *)w);
}

CARAT_AVX2_FLOAT(f32, 4)
#endif
