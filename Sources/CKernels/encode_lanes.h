#pragma once
// Eight groups of weights side by side: lane g of vector i is weight i of group g.
//
// The search for a group's scale is a chain of dependent sums, so what runs side by side is groups, not weights: each
// lane does what scalar code would do for its group, in the same order. The compiler makes one AVX register of eight
// lanes, or two of SSE and NEON.
#include "CEncoders.h"
#include "blocks.h"
#include "kernels.h"

// Wide vectors as arguments: all functions here are inlined into their caller, so there is no ABI to change.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float carat_f8 __attribute__((ext_vector_type(8)));
typedef int32_t carat_i8 __attribute__((ext_vector_type(8)));

/// Adding it leaves a Float's nearest integer in its low mantissa bits, halves to even.
#define CARAT_ROUNDER 12582912.f

CARAT_INLINE carat_f8 carat_load8(const float *x) {
    carat_f8 v;
    memcpy(&v, x, sizeof v);
    return v;
}

CARAT_INLINE carat_f8 carat_spread8(float x) { return (carat_f8)x; }
CARAT_INLINE carat_f8 carat_abs8(carat_f8 x) { return __builtin_elementwise_abs(x); }
CARAT_INLINE carat_f8 carat_sqrt8(carat_f8 x) { return __builtin_elementwise_sqrt(x); }

/// The nearest integer as a Float, within low ... high. For |x| below 2^22.
CARAT_INLINE carat_f8 carat_code8(carat_f8 x, float low, float high) {
    carat_f8 code = (x + CARAT_ROUNDER) - CARAT_ROUNDER;
    code = code > low ? code : low;
    return code < high ? code : high;
}

/// The same for an x of any size: what then comes out is what the low mantissa bits hold.
CARAT_INLINE carat_i8 carat_nearest8(carat_f8 x) {
    const carat_f8 sum = x + CARAT_ROUNDER;
    carat_i8 bits;
    memcpy(&bits, &sum, sizeof bits);
    return (bits & 0x7fffff) - 0x400000;
}

CARAT_INLINE carat_f8 carat_wide_code8(carat_f8 x, int low, int high) {
    carat_i8 code = carat_nearest8(x);
    code = code > low ? code : low;
    code = code < high ? code : high;
    return __builtin_convertvector(code, carat_f8);
}

CARAT_INLINE int carat_nearest(float x) {
    return (int)(carat_bits_from_float(x + CARAT_ROUNDER) & 0x7fffff) - 0x400000;
}

/// out[i] = weight i of eight groups that lie `length` apart. `count` is a multiple of 8.
CARAT_INLINE void carat_gather_lanes(const float *x, size_t length, int count, carat_f8 *out) {
    for (int i = 0; i < count; i += 8, out += 8) {
        carat_f8 a[8], b[8];
        for (int g = 0; g < 8; g++) a[g] = carat_load8(x + (size_t)g * length + i);
        for (int g = 0; g < 8; g += 2) {
            b[g] = __builtin_shufflevector(a[g], a[g + 1], 0, 8, 1, 9, 4, 12, 5, 13);
            b[g + 1] = __builtin_shufflevector(a[g], a[g + 1], 2, 10, 3, 11, 6, 14, 7, 15);
        }
        for (int g = 0; g < 8; g += 4)
            for (int k = 0; k < 2; k++) {
                a[g + 2 * k] = __builtin_shufflevector(b[g + k], b[g + 2 + k], 0, 1, 8, 9, 4, 5, 12, 13);
                a[g + 2 * k + 1] = __builtin_shufflevector(b[g + k], b[g + 2 + k], 2, 3, 10, 11, 6, 7, 14, 15);
            }
        for (int k = 0; k < 4; k++) {
            out[k] = __builtin_shufflevector(a[k], a[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
            out[k + 4] = __builtin_shufflevector(a[k], a[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        }
    }
}

/// The codes of eight groups as bytes, group after group: out[count * g + i].
CARAT_INLINE void carat_scatter_codes(const carat_f8 *codes, int count, uint8_t *out) {
    for (int i = 0; i < count; i++) {
        const carat_i8 code = __builtin_convertvector(codes[i], carat_i8);
        for (int g = 0; g < 8; g++) out[count * g + i] = (uint8_t)code[g];
    }
}

/// Single to half precision, halves to even; too large is infinity.
CARAT_INLINE uint16_t carat_half_from_float(float x) {
    const uint32_t bits = carat_bits_from_float(x), magnitude = bits & 0x7fffffff;
    const uint32_t tiny = carat_bits_from_float(carat_float_from_bits(magnitude) + 0.5f) - 0x3f000000;
    const uint32_t normal = (magnitude + 0xfff + (magnitude >> 13 & 1) - (112 << 23)) >> 13;
    const uint32_t huge = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    const uint32_t half = magnitude < 0x38800000 ? tiny : magnitude < 0x47800000 ? normal : huge;
    return (uint16_t)(half | (bits >> 16 & 0x8000));
}

/// Whether sums of the search stayed within Float's range, as they do unless weights are very large.
CARAT_INLINE bool carat_all_finite(const float *x, int count) {
    bool all = true;
    for (int i = 0; i < count; i++) all &= __builtin_fabsf(x[i]) <= 3.402823466e38f;
    return all;
}

CARAT_INLINE bool carat_half_is_finite(uint16_t half) { return (half & 0x7c00) != 0x7c00; }

enum {
    CARAT_WEIGHTS_f16 = 1, CARAT_WEIGHTS_bf16 = 1, CARAT_WEIGHTS_q8_0 = 32, CARAT_WEIGHTS_q2_k = 256,
    CARAT_WEIGHTS_q3_k = 256, CARAT_WEIGHTS_q4_k = 256, CARAT_WEIGHTS_q5_k = 256, CARAT_WEIGHTS_q6_k = 256
};

/// Defines the encoder of a format for each instruction set from its `<name>_row_<format>(x, columns, importance, out)`, which
/// encodes one row.
#define CARAT_ENCODER_AS(name, format, isa, attributes)                                                               \
    attributes bool carat_##name##_##format##_##isa(                                                                  \
        const float *x, size_t rows, size_t columns, const float *importance, void *out) {                            \
        bool fits = true;                                                                                             \
        carat_block_##format *block = out;                                                                            \
        for (size_t r = 0; r < rows; r++, x += columns, block += columns / CARAT_WEIGHTS_##format)                    \
            fits &= name##_row_##format(x, columns, importance, block);                                               \
        return fits;                                                                                                  \
    }

#if CARAT_HAS_AVX2
#define CARAT_ENCODER(name, format)                                                                                   \
    CARAT_ENCODER_AS(name, format, portable, )                                                                        \
    CARAT_ENCODER_AS(name, format, avx2, CARAT_AVX2)
#else
#define CARAT_ENCODER(name, format) CARAT_ENCODER_AS(name, format, portable, )
#endif
