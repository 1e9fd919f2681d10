#pragma once
// How each K format's block gives its codes and scales to the NEON kernels, which are the same for all formats.
#include "blocks.h"
#include "kernels.h"

#if CARAT_HAS_NEON
#include <arm_neon.h>

#define CARAT_NEON_INLINE CARAT_NEON CARAT_INLINE

/// Codes 16 * g ..< 16 * g + 16 of a block, signed: the dot product instruction takes them so.
typedef int8x16_t (*carat_codes16_fn)(const uint8_t *block, int g);
/// The scales of a block, one per group of 16 weights, and the mins in formats with mins.
typedef void (*carat_scales16_fn)(const uint8_t *block, int16_t scales[16], int16_t mins[16]);

typedef struct {
    carat_codes16_fn codes;
    carat_scales16_fn scales;
    size_t block_bytes, d, dmin;  // of d and dmin: where they lie in a block
    bool has_mins;
} carat_neon_format;

CARAT_NEON_INLINE float carat_half_neon(const uint8_t *p) {
    uint16_t half;
    memcpy(&half, p, sizeof half);
    return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half))), 0);
}

/// Bits `shift` and up of 16 bytes; a negative shift is to the left.
CARAT_NEON_INLINE uint8x16_t carat_shift_right(uint8x16_t x, int shift) {
    return vshlq_u8(x, vdupq_n_s8((int8_t)-shift));
}
CARAT_NEON_INLINE uint8x16_t carat_bits(uint8x16_t x, int shift, uint8_t mask) {
    return vandq_u8(carat_shift_right(x, shift), vdupq_n_u8(mask));
}

CARAT_NEON_INLINE void carat_widen16(int8x16_t bytes, int16_t out[16]) {
    vst1q_s16(out, vmovl_s8(vget_low_s8(bytes)));
    vst1q_s16(out + 8, vmovl_high_s8(bytes));
}

// A half of 128 weights has 8 groups: 4 planes of bits of 32 bytes each.
CARAT_NEON_INLINE int8x16_t codes_q2_k(const uint8_t *block, int g) {
    const uint8x16_t packed = vld1q_u8(block + offsetof(carat_block_q2_k, codes) + 32 * (g / 8) + 16 * (g % 2));
    return vreinterpretq_s8_u8(carat_bits(packed, 2 * (g / 2 % 4), 3));
}

CARAT_NEON_INLINE void scales_q2_k(const uint8_t *block, int16_t scales[16], int16_t mins[16]) {
    const uint8x16_t packed = vld1q_u8(block);
    carat_widen16(vreinterpretq_s8_u8(vandq_u8(packed, vdupq_n_u8(15))), scales);
    carat_widen16(vreinterpretq_s8_u8(vshrq_n_u8(packed, 4)), mins);
}

CARAT_NEON_INLINE int8x16_t codes_q3_k(const uint8_t *block, int g) {
    const uint8x16_t low = vld1q_u8(block + offsetof(carat_block_q3_k, low) + 32 * (g / 8) + 16 * (g % 2));
    const uint8x16_t high = vld1q_u8(block + 16 * (g % 2));
    const uint8x16_t code = vorrq_u8(carat_bits(low, 2 * (g / 2 % 4), 3), carat_bits(high, g / 2 - 2, 4));
    return vsubq_s8(vreinterpretq_s8_u8(code), vdupq_n_s8(4));
}

CARAT_NEON_INLINE void scales_q3_k(const uint8_t *block, int16_t scales[16], int16_t mins[16]) {
    const carat_block_q3_k *w = (const void *)block;
    for (int g = 0; g < 16; g++) {
        const int low = (w->scales[g % 8] >> (4 * (g / 8))) & 15, high = (w->scales[8 + g % 4] >> (2 * (g / 4))) & 3;
        scales[g] = (int16_t)((low | high << 4) - 32);
        mins[g] = 0;
    }
}

CARAT_NEON_INLINE int8x16_t codes_q4_k(const uint8_t *block, int g) {
    const uint8x16_t packed = vld1q_u8(block + offsetof(carat_block_q4_k, codes) + 32 * (g / 4) + 16 * (g % 2));
    return vreinterpretq_s8_u8(carat_bits(packed, 4 * (g / 2 % 2), 15));
}

/// The head of Q4_K and Q5_K; a scale and a min stand for two groups of 16.
CARAT_NEON_INLINE void scales_q4_k(const uint8_t *block, int16_t scales[16], int16_t mins[16]) {
    uint32_t word[4];  // d and dmin, scales, mins, the upper parts of both
    memcpy(word, block, sizeof word);
    const uint64_t scale_bytes = (word[1] & 0x3f3f3f3f) |
        (uint64_t)((word[3] & 0x0f0f0f0f) | ((word[1] >> 2) & 0x30303030)) << 32;
    const uint64_t min_bytes = (word[2] & 0x3f3f3f3f) |
        (uint64_t)(((word[3] >> 4) & 0x0f0f0f0f) | ((word[2] >> 2) & 0x30303030)) << 32;
    const int8x8_t s = vcreate_s8(scale_bytes), m = vcreate_s8(min_bytes);
    carat_widen16(vcombine_s8(vzip1_s8(s, s), vzip2_s8(s, s)), scales);
    carat_widen16(vcombine_s8(vzip1_s8(m, m), vzip2_s8(m, m)), mins);
}

CARAT_NEON_INLINE int8x16_t codes_q5_k(const uint8_t *block, int g) {
    const uint8x16_t low = vld1q_u8(block + offsetof(carat_block_q5_k, low) + 32 * (g / 4) + 16 * (g % 2));
    const uint8x16_t high = vld1q_u8(block + offsetof(carat_block_q5_k, high) + 16 * (g % 2));
    return vreinterpretq_s8_u8(vorrq_u8(carat_bits(low, 4 * (g / 2 % 2), 15), carat_bits(high, g / 2 - 4, 16)));
}

CARAT_NEON_INLINE int8x16_t codes_q6_k(const uint8_t *block, int g) {
    const int half = g / 8, plane = g / 2 % 4, odd = g % 2;
    const uint8x16_t low = vld1q_u8(block + 64 * half + 32 * (plane % 2) + 16 * odd);
    const uint8x16_t high = vld1q_u8(block + offsetof(carat_block_q6_k, high) + 32 * half + 16 * odd);
    const uint8x16_t code = vorrq_u8(carat_bits(low, 4 * (plane / 2), 15), carat_bits(high, 2 * plane - 4, 48));
    return vsubq_s8(vreinterpretq_s8_u8(code), vdupq_n_s8(32));
}

CARAT_NEON_INLINE void scales_q6_k(const uint8_t *block, int16_t scales[16], int16_t mins[16]) {
    carat_widen16(vld1q_s8((const int8_t *)(block + offsetof(carat_block_q6_k, scales))), scales);
    memset(mins, 0, 16 * sizeof *mins);
}

#define CARAT_NEON_FORMAT(name, has_mins_, scales_, dmin_)                                                            \
    static const carat_neon_format neon_##name = {                                                                    \
        .codes = codes_##name, .scales = scales_, .block_bytes = sizeof(carat_block_##name),                          \
        .d = offsetof(carat_block_##name, d), .dmin = offsetof(carat_block_##name, dmin_), .has_mins = has_mins_}
CARAT_NEON_FORMAT(q2_k, true, scales_q2_k, dmin);
CARAT_NEON_FORMAT(q3_k, false, scales_q3_k, d);
CARAT_NEON_FORMAT(q4_k, true, scales_q4_k, dmin);
CARAT_NEON_FORMAT(q5_k, true, scales_q4_k, dmin);
CARAT_NEON_FORMAT(q6_k, false, scales_q6_k, d);
#endif
