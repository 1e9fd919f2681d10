// BF16: the upper half of a single-precision float.
#include "lanes_avx2.h"
#include "portable.h"

void carat_dequantize_bf16_portable(const void *row, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint16_t upper;
        memcpy(&upper, (const uint8_t *)row + 2 * i, sizeof upper);
        out[i] = carat_float_from_bits((uint32_t)upper << 16);
    }
}

CARAT_PORTABLE_FLOAT_DOT(bf16, 2)

#if CARAT_HAS_AVX2
CARAT_AVX2_INLINE __m256 load8_bf16(const uint8_t *w) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)w)), 16));
}

CARAT_AVX2_FLOAT(bf16, 2)
#endif
