// Activations to int8: code = round to nearest even (x * 127 / largest), under d = largest / 127.
#include "activations.h"
#include "avx2.h"

/// Writes `count` codes and returns d.
CARAT_INLINE float quantize_portable(const float *x, int count, int8_t *codes) {
    uint32_t largest_bits = 0;
    for (int i = 0; i < count; i++) {
        const uint32_t magnitude = carat_bits_from_float(x[i]) & 0x7fffffff;
        if (magnitude > largest_bits) largest_bits = magnitude;
    }
    const carat_activation_scale scale = carat_scale_activations(largest_bits);
    if (scale.inverse == 0) {
        memset(codes, 0, (size_t)count);
        return scale.d;
    }
    // Adding 1.5 * 2^23 rounds to an integer in the low mantissa bits. |x * inverse| <= 127 (1 + 2^-23): no clamp.
    for (int i = 0; i < count; i++)
        codes[i] = (int8_t)(carat_bits_from_float(x[i] * scale.inverse + 0x1.8p23f) - 0x4b400000);
    return scale.d;
}

void carat_quantize256_portable(const float *x, size_t count, carat_act256 *out) {
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++) {
        out[b].d = quantize_portable(x + b * CARAT_SUPER_BLOCK, CARAT_SUPER_BLOCK, out[b].codes);
        for (int g = 0; g < 16; g++) {
            int sums[2] = {0, 0};
            for (int i = 0; i < 16; i++) sums[i / 2 % 2] += out[b].codes[16 * g + i];
            out[b].pair_offsets[g][0] = (int16_t)(-32 * sums[0]);
            out[b].pair_offsets[g][1] = (int16_t)(-32 * sums[1]);
            out[b].sums[g] = (int16_t)(sums[0] + sums[1]);
        }
        out[b].sum = 0;
        for (int g = 0; g < 8; g++) {
            out[b].sums32[g] = (int16_t)(out[b].sums[2 * g] + out[b].sums[2 * g + 1]);
            out[b].sum += out[b].sums32[g];
        }
    }
}

void carat_quantize32_portable(const float *x, size_t count, carat_act32 *out) {
    for (size_t b = 0; b < count / CARAT_BLOCK; b++)
        out[b].d = quantize_portable(x + b * CARAT_BLOCK, CARAT_BLOCK, out[b].codes);
}

#if CARAT_HAS_AVX2
CARAT_AVX2_INLINE carat_activation_scale scale_avx2(const float *x, int count) {
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i largest[4];
    for (int i = 0; i < 4; i++) largest[i] = _mm256_setzero_si256();
    for (int k = 0; k < count; k += 32)
        for (int i = 0; i < 4; i++)
            largest[i] = _mm256_max_epu32(largest[i], _mm256_and_si256(carat_load(x + k + 8 * i), magnitude));
    const __m256i all = _mm256_max_epu32(
        _mm256_max_epu32(largest[0], largest[1]), _mm256_max_epu32(largest[2], largest[3]));
    __m128i most = _mm_max_epu32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0x4e));
    most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0xb1));
    return carat_scale_activations((uint32_t)_mm_cvtsi128_si32(most));
}

CARAT_AVX2_INLINE __m256i round8(const float *x, __m256 inverse) {
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), inverse));
}

/// 32 codes.
CARAT_AVX2_INLINE __m256i round32(const float *x, __m256 inverse) {
    const __m256i a = _mm256_packs_epi32(round8(x, inverse), round8(x + 8, inverse));
    const __m256i b = _mm256_packs_epi32(round8(x + 16, inverse), round8(x + 24, inverse));
    // Packing works within lanes: words of four codes come out as 0 2 4 6 1 3 5 7.
    return _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

CARAT_AVX2 void carat_quantize256_avx2(const float *x, size_t count, carat_act256 *out) {
    const __m256i ones = _mm256_set1_epi8(1);
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, x += CARAT_SUPER_BLOCK) {
        const carat_activation_scale scale = scale_avx2(x, CARAT_SUPER_BLOCK);
        out[b].d = scale.d;
        if (scale.inverse == 0) {
            out[b].sum = 0;
            memset(out[b].sums, 0, sizeof out[b].sums);
            memset(out[b].sums32, 0, sizeof out[b].sums32);
            memset(out[b].pair_offsets, 0, sizeof out[b].pair_offsets);
            memset(out[b].codes, 0, sizeof out[b].codes);
            continue;
        }
        const __m256 inverse = _mm256_set1_ps(scale.inverse);
        __m256i sums[8];
        for (int i = 0; i < 8; i++) {
            const __m256i codes = round32(x + 32 * i, inverse);
            _mm256_storeu_si256((void *)(out[b].codes + 32 * i), codes);
            sums[i] = _mm256_maddubs_epi16(ones, codes);
            // Each lane is a group of 16: four words of two sums, added crosswise.
            __m256i pairs = _mm256_add_epi16(sums[i], _mm256_shuffle_epi32(sums[i], 0x4e));
            pairs = _mm256_add_epi16(pairs, _mm256_shuffle_epi32(pairs, 0xb1));
            const __m128i both = _mm_unpacklo_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
            _mm_storel_epi64(
                (void *)out[b].pair_offsets[2 * i], _mm_slli_epi16(_mm_sub_epi16(_mm_setzero_si128(), both), 5));
        }
        // Three rounds of pairwise sums leave the even groups in the lower lane, the odd ones in the upper.
        for (int width = 4; width > 0; width /= 2)
            for (int i = 0; i < width; i++) sums[i] = _mm256_hadd_epi16(sums[2 * i], sums[2 * i + 1]);
        const __m128i even = _mm256_castsi256_si128(sums[0]), odd = _mm256_extracti128_si256(sums[0], 1);
        _mm_storeu_si128((void *)out[b].sums, _mm_unpacklo_epi16(even, odd));
        _mm_storeu_si128((void *)(out[b].sums + 8), _mm_unpackhi_epi16(even, odd));
        const __m128i both = _mm_add_epi16(even, odd);
        _mm_storeu_si128((void *)out[b].sums32, both);
        __m128i sum = _mm_madd_epi16(both, _mm_set1_epi16(1));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
        out[b].sum = _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
    }
}

CARAT_AVX2 void carat_pair256_avx2(carat_act256 *blocks, size_t count) {
    for (carat_act256 *block = blocks; block < blocks + count; block++) {
        const __m256i negative = _mm256_sub_epi16(_mm256_setzero_si256(), carat_load(block->sums));
        memset(block->pair_offsets, 0, sizeof block->pair_offsets);
        _mm256_storeu_si256((void *)block->pair_offsets, _mm256_slli_epi16(negative, 2));
        for (int8_t *codes = block->codes; codes < block->codes + CARAT_SUPER_BLOCK; codes += CARAT_BLOCK) {
            const __m128i first = _mm_loadu_si128((const void *)codes);
            const __m128i second = _mm_loadu_si128((const void *)(codes + 16));
            _mm_storeu_si128((void *)codes, _mm_unpacklo_epi16(first, second));
            _mm_storeu_si128((void *)(codes + 16), _mm_unpackhi_epi16(first, second));
        }
    }
}

CARAT_AVX2 void carat_quantize32_avx2(const float *x, size_t count, carat_act32 *out) {
    for (size_t b = 0; b < count / CARAT_BLOCK; b++, x += CARAT_BLOCK) {
        const carat_activation_scale scale = scale_avx2(x, CARAT_BLOCK);
        out[b].d = scale.d;
        const __m256i codes = scale.inverse == 0 ? _mm256_setzero_si256() : round32(x, _mm256_set1_ps(scale.inverse));
        _mm256_storeu_si256((void *)out[b].codes, codes);
    }
}
#endif
