// The quantized kernels of NEON with its dot product instructions: signed codes times signed activations, four at a
// time into 32 bits, so that nothing needs an offset and nothing can overflow.
#include "tile_neon.h"
#include <math.h>

#if CARAT_HAS_NEON
CARAT_NEON_INLINE void dot_k(
    const carat_neon_format *f, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, float *y) {
    for (size_t r = 0; r < row_count; r++) {
        const uint8_t *block = (const uint8_t *)rows + r * row_bytes;
        float total = 0;
        for (size_t b = 0; b < columns / CARAT_SUPER_BLOCK; b++, block += f->block_bytes) {
            int16_t scales[16], mins[16];
            f->scales(block, scales, mins);
            int32x4_t products[2] = {vdupq_n_s32(0), vdupq_n_s32(0)}, min_products = vdupq_n_s32(0);
#pragma clang loop unroll(full)
            for (int g = 0; g < 16; g++) {
                const int32x4_t sum = vdotq_s32(vdupq_n_s32(0), f->codes(block, g), vld1q_s8(act[b].codes + 16 * g));
                products[g % 2] = vmlaq_n_s32(products[g % 2], sum, scales[g]);
            }
            if (f->has_mins)
#pragma clang loop unroll(full)
                for (int g = 0; g < 16; g += 4)
                    min_products = vmlal_s16(min_products, vld1_s16(mins + g), vld1_s16(act[b].sums + g));
            float x = carat_half_neon(block + f->d) * (float)vaddvq_s32(vaddq_s32(products[0], products[1]));
            if (f->has_mins) x = fmaf(-carat_half_neon(block + f->dmin), (float)vaddvq_s32(min_products), x);
            total = fmaf(x, act[b].d, total);
        }
        y[r] = total;
    }
}

CARAT_NEON_INLINE void dequantize_k(const carat_neon_format *f, const uint8_t *block, size_t count, float *out) {
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, block += f->block_bytes) {
        int16_t scales[16], mins[16];
        f->scales(block, scales, mins);
        const float d = carat_half_neon(block + f->d), dmin = f->has_mins ? carat_half_neon(block + f->dmin) : 0;
#pragma clang loop unroll(full)
        for (int g = 0; g < 16; g++, out += 16) {
            const float32x4_t scale = vdupq_n_f32(d * (float)scales[g]), min = vdupq_n_f32(dmin * (float)mins[g]);
            const int8x16_t codes = f->codes(block, g);
            const int16x8_t half[2] = {vmovl_s8(vget_low_s8(codes)), vmovl_high_s8(codes)};
#pragma clang loop unroll(full)
            for (int i = 0; i < 2; i++) {
                const float32x4_t a = vcvtq_f32_s32(vmovl_s16(vget_low_s16(half[i])));
                const float32x4_t c = vcvtq_f32_s32(vmovl_high_s16(half[i]));
                vst1q_f32(out + 8 * i, vsubq_f32(vmulq_f32(scale, a), min));
                vst1q_f32(out + 8 * i + 4, vsubq_f32(vmulq_f32(scale, c), min));
            }
        }
    }
}

#define CARAT_NEON_K(format)                                                                                          \
    CARAT_NEON void carat_dot_##format##_neon(                                                                        \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        dot_k(&neon_##format, rows, row_bytes, row_count, columns, activation, y);                                    \
    }                                                                                                                 \
    CARAT_NEON void carat_tile_##format##_neon(                                                                       \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t positions, float *y, size_t y_stride) {                                                                \
        carat_tile_k_neon(&neon_##format, rows, row_bytes, row_count, columns, act, positions, y, y_stride);          \
    }                                                                                                                 \
    CARAT_NEON void carat_dequantize_##format##_neon(const void *row, size_t count, float *out) {                     \
        dequantize_k(&neon_##format, row, count, out);                                                                \
    }
CARAT_NEON_K(q2_k)
CARAT_NEON_K(q3_k)
CARAT_NEON_K(q4_k)
CARAT_NEON_K(q5_k)
CARAT_NEON_K(q6_k)

CARAT_NEON void carat_dot_q8_0_neon(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {
    const carat_act32 *act = activation;
    for (size_t r = 0; r < row_count; r++) {
        const carat_block_q8_0 *w = (const void *)((const uint8_t *)rows + r * row_bytes);
        float total = 0;
        for (size_t b = 0; b < columns / CARAT_BLOCK; b++) {
            int32x4_t products = vdotq_s32(vdupq_n_s32(0), vld1q_s8(w[b].codes), vld1q_s8(act[b].codes));
            products = vdotq_s32(products, vld1q_s8(w[b].codes + 16), vld1q_s8(act[b].codes + 16));
            const float d = carat_half_neon((const uint8_t *)(w + b));
            total = fmaf(d * (float)vaddvq_s32(products), act[b].d, total);
        }
        y[r] = total;
    }
}
#endif
