#pragma once
// The scale of a block of activations, shared by all instruction sets.
#include "blocks.h"
#include "kernels.h"
#include <math.h>

/// Blocks whose largest magnitude is smaller count as zero: below, d would be denormal and lose its precision, and
/// further down 127 / largest would overflow. Activations of this size contribute nothing to any Float sum.
#define CARAT_SMALLEST_ACTIVATION 0x1p-119f

typedef struct {
    float d;        // code to value; NaN where the block has a NaN or an infinity
    float inverse;  // value to code; 0 where all codes are to be 0
} carat_activation_scale;

/// `largest_bits`: the greatest bit pattern of |x| over the block. As integers, magnitudes order like their floats and
/// NaN and infinity come last, so one maximum finds them too.
CARAT_INLINE carat_activation_scale carat_scale_activations(uint32_t largest_bits) {
    if (largest_bits >= 0x7f800000) return (carat_activation_scale){NAN, 0};
    const float largest = carat_float_from_bits(largest_bits);
    if (largest < CARAT_SMALLEST_ACTIVATION) return (carat_activation_scale){0, 0};
    return (carat_activation_scale){largest / 127.0f, 127.0f / largest};
}
