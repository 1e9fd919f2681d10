// Activations to int8 with NEON; see activations.c.
#include "activations.h"

#if CARAT_HAS_NEON
#include <arm_neon.h>

#define INLINE CARAT_NEON CARAT_INLINE

INLINE carat_activation_scale scale_neon(const float *x, int count) {
    uint32x4_t largest[2] = {vdupq_n_u32(0), vdupq_n_u32(0)};
    for (int k = 0; k < count; k += 8)
        for (int i = 0; i < 2; i++)
            largest[i] = vmaxq_u32(
                largest[i], vandq_u32(vreinterpretq_u32_f32(vld1q_f32(x + k + 4 * i)), vdupq_n_u32(0x7fffffff)));
    return carat_scale_activations(vmaxvq_u32(vmaxq_u32(largest[0], largest[1])));
}

/// 16 codes.
INLINE int8x16_t round16(const float *x, float inverse) {
    int32x4_t v[4];
    for (int i = 0; i < 4; i++) v[i] = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 4 * i), inverse));
    const int16x8_t a = vcombine_s16(vmovn_s32(v[0]), vmovn_s32(v[1])), b = vcombine_s16(vmovn_s32(v[2]), vmovn_s32(v[3]));
    return vcombine_s8(vmovn_s16(a), vmovn_s16(b));
}

CARAT_NEON void carat_quantize256_neon(const float *x, size_t count, carat_act256 *out) {
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, x += CARAT_SUPER_BLOCK) {
        const carat_activation_scale scale = scale_neon(x, CARAT_SUPER_BLOCK);
        out[b].d = scale.d;
        if (scale.inverse == 0) {
            out[b].sum = 0;
            memset(out[b].sums, 0, sizeof out[b].sums);
            memset(out[b].sums32, 0, sizeof out[b].sums32);
            memset(out[b].pair_offsets, 0, sizeof out[b].pair_offsets);
            memset(out[b].codes, 0, sizeof out[b].codes);
            continue;
        }
        for (int g = 0; g < 16; g++) {
            const int8x16_t codes = round16(x + 16 * g, scale.inverse);
            vst1q_s8(out[b].codes + 16 * g, codes);
            const int16x8_t pairs = vpaddlq_s8(codes);  // even lanes: columns 0 and 1 of each four; odd: 2 and 3
            const int16x4_t four = vadd_s16(vget_low_s16(pairs), vget_high_s16(pairs));
            const int16x4_t two = vadd_s16(four, vext_s16(four, four, 2));
            vst1_lane_s32((int32_t *)out[b].pair_offsets[g], vreinterpret_s32_s16(vmul_n_s16(two, -32)), 0);
            out[b].sums[g] = vaddv_s16(four);
        }
        out[b].sum = 0;
        for (int g = 0; g < 8; g++) {
            out[b].sums32[g] = (int16_t)(out[b].sums[2 * g] + out[b].sums[2 * g + 1]);
            out[b].sum += out[b].sums32[g];
        }
    }
}

CARAT_NEON void carat_quantize32_neon(const float *x, size_t count, carat_act32 *out) {
    for (size_t b = 0; b < count / CARAT_BLOCK; b++, x += CARAT_BLOCK) {
        const carat_activation_scale scale = scale_neon(x, CARAT_BLOCK);
        out[b].d = scale.d;
        for (int i = 0; i < CARAT_BLOCK; i += 16)
            vst1q_s8(out[b].codes + i, scale.inverse == 0 ? vdupq_n_s8(0) : round16(x + i, scale.inverse));
    }
}
#endif
