#pragma once
// The bytes of each weight block as they lie in a GGUF file, and the half floats in them.
//
// Structs are packed, so their members may be read at any address: rows of a mapped file have no alignment.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A fused multiply-add must stand in the source, or instruction sets would round differently.
#pragma STDC FP_CONTRACT OFF

#define CARAT_INLINE static inline __attribute__((always_inline))

enum { CARAT_SUPER_BLOCK = 256, CARAT_BLOCK = 32 };

typedef struct __attribute__((packed)) {
    uint16_t d;
    int8_t codes[32];
} carat_block_q8_0;

typedef struct __attribute__((packed)) {
    uint8_t scales[16];  // low nibble: scale, high nibble: min; one per 16 weights
    uint8_t codes[64];
    uint16_t d, dmin;
} carat_block_q2_k;

typedef struct __attribute__((packed)) {
    uint8_t high[32];  // bit 2 of the codes
    uint8_t low[64];   // bits 0 and 1
    uint8_t scales[12];
    uint16_t d;
} carat_block_q3_k;

typedef struct __attribute__((packed)) {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t codes[128];
} carat_block_q4_k;

typedef struct __attribute__((packed)) {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t high[32];  // bit 4 of the codes
    uint8_t low[128];  // bits 0 to 3
} carat_block_q5_k;

typedef struct __attribute__((packed)) {
    uint8_t low[128];  // bits 0 to 3 of the codes
    uint8_t high[64];  // bits 4 and 5
    int8_t scales[16];
    uint16_t d;
} carat_block_q6_k;

_Static_assert(sizeof(carat_block_q8_0) == 34, "Q8_0 is 34 bytes for 32 weights");
_Static_assert(sizeof(carat_block_q2_k) == 84, "Q2_K is 84 bytes for 256 weights");
_Static_assert(sizeof(carat_block_q3_k) == 110, "Q3_K is 110 bytes for 256 weights");
_Static_assert(sizeof(carat_block_q4_k) == 144, "Q4_K is 144 bytes for 256 weights");
_Static_assert(sizeof(carat_block_q5_k) == 176, "Q5_K is 176 bytes for 256 weights");
_Static_assert(sizeof(carat_block_q6_k) == 210, "Q6_K is 210 bytes for 256 weights");

CARAT_INLINE float carat_float_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

CARAT_INLINE uint32_t carat_bits_from_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/// Half to single precision; exact, and a signalling NaN becomes quiet, as F16C does it. Without branches, so that
/// loops over it vectorise.
CARAT_INLINE float carat_float_from_half(uint16_t half) {
    const uint32_t shifted = (uint32_t)(half & 0x7fff) << 13, exponent = half & 0x7c00;
    const uint32_t normal = shifted + (112 << 23), special = normal + (112 << 23);
    const uint32_t denormal = carat_bits_from_float(carat_float_from_bits(shifted + (113 << 23)) - 0x1p-14f);
    const uint32_t quiet = (half & 0x7fff) > 0x7c00 ? 0x400000 : 0;
    const uint32_t magnitude = exponent == 0 ? denormal : exponent == 0x7c00 ? special | quiet : normal;
    return carat_float_from_bits(magnitude | (uint32_t)(half & 0x8000) << 16);
}
