// F16: IEEE half precision.
#include "lanes_avx2.h"
#include "portable.h"

void carat_dequantize_f16_portable(const void *row, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, (const uint8_t *)row + 2 * i, sizeof half);
        out[i] = carat_float_from_half(half);
    }
}

CARAT_PORTABLE_FLOAT_DOT(f16, 2)

#if CARAT_HAS_AVX2
CARAT_AVX2_INLINE __m256 load8_f16(const uint8_t *w) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)w));
}

CARAT_AVX2_FLOAT(f16, 2)
#endif
