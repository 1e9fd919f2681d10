#pragma once
// Plain C in the place of the instructions that AVX-VNNI and AVX-512 have beyond AVX2, as the manual states them. With
// `-include` of this file the VNNI kernels run on any CPU with AVX2: it proves all that is around the instructions.
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define CARAT_AVXVNNI __attribute__((target("avx2,fma,f16c")))
#define CARAT_AVX512VNNI CARAT_AVXVNNI
#define __builtin_cpu_supports(feature) 1
#define IN_C CARAT_AVXVNNI static inline

IN_C void fours_of_bytes(int32_t *sum, const void *a, const void *b, int lanes) {
    const uint8_t *x = a;
    const int8_t *y = b;
    for (int i = 0; i < 4 * lanes; i++) sum[i / 4] += x[i] * y[i];
}

IN_C void pairs_of_words(int32_t *sum, const void *a, const void *b, int lanes) {
    const int16_t *x = a, *y = b;
    for (int i = 0; i < 2 * lanes; i++) sum[i / 2] += x[i] * y[i];
}

#define INSTRUCTION_IN_C(name, type, c, lanes)                                                                        \
    IN_C type name##_in_c(type sum, type a, type b) {                                                                 \
        int32_t x[lanes];                                                                                             \
        memcpy(x, &sum, sizeof x);                                                                                    \
        c(x, &a, &b, lanes);                                                                                          \
        memcpy(&sum, x, sizeof x);                                                                                    \
        return sum;                                                                                                   \
    }
INSTRUCTION_IN_C(dpbusd256, __m256i, fours_of_bytes, 8)
INSTRUCTION_IN_C(dpwssd256, __m256i, pairs_of_words, 8)
#define _mm256_dpbusd_avx_epi32 dpbusd256_in_c
#define _mm256_dpwssd_avx_epi32 dpwssd256_in_c
#undef _mm256_dpbusd_epi32
#undef _mm256_dpwssd_epi32
#define _mm256_dpbusd_epi32 dpbusd256_in_c
#define _mm256_dpwssd_epi32 dpwssd256_in_c

typedef struct { int32_t lane[16]; } integers512;
typedef struct { float lane[16]; } floats512;
#define __m512i integers512
#define __m512 floats512
INSTRUCTION_IN_C(dpbusd512, integers512, fours_of_bytes, 16)
INSTRUCTION_IN_C(dpwssd512, integers512, pairs_of_words, 16)
#define _mm512_dpbusd_epi32 dpbusd512_in_c
#define _mm512_dpwssd_epi32 dpwssd512_in_c

#define LANES_IN_C(name, type, parameters, expression)                                                                \
    IN_C type name##_in_c parameters {                                                                                \
        type out;                                                                                                     \
        for (int i = 0; i < 16; i++) out.lane[i] = expression;                                                        \
        return out;                                                                                                   \
    }
LANES_IN_C(zero, integers512, (void), 0)
LANES_IN_C(set1, integers512, (int32_t x), x)
LANES_IN_C(set1f, floats512, (float x), x)
LANES_IN_C(load, integers512, (const void *p), ((const int32_t *)p)[i])
LANES_IN_C(loadf, floats512, (const float *p), p[i])
LANES_IN_C(add, integers512, (integers512 a, integers512 b), a.lane[i] + b.lane[i])
LANES_IN_C(mullo, integers512, (integers512 a, integers512 b), a.lane[i] * b.lane[i])
LANES_IN_C(convert, floats512, (integers512 a), (float)a.lane[i])
LANES_IN_C(mul, floats512, (floats512 a, floats512 b), a.lane[i] * b.lane[i])
LANES_IN_C(fmadd, floats512, (floats512 a, floats512 b, floats512 c), fmaf(a.lane[i], b.lane[i], c.lane[i]))
LANES_IN_C(fnmadd, floats512, (floats512 a, floats512 b, floats512 c), fmaf(-a.lane[i], b.lane[i], c.lane[i]))
IN_C void storef_in_c(float *p, floats512 a) { memcpy(p, a.lane, sizeof a); }
#define _mm512_setzero_si512 zero_in_c
#define _mm512_set1_epi32 set1_in_c
#define _mm512_set1_ps set1f_in_c
#define _mm512_load_si512 load_in_c
#define _mm512_load_ps loadf_in_c
#define _mm512_add_epi32 add_in_c
#define _mm512_mullo_epi32 mullo_in_c
#define _mm512_cvtepi32_ps convert_in_c
#define _mm512_mul_ps mul_in_c
#define _mm512_fmadd_ps fmadd_in_c
#define _mm512_fnmadd_ps fnmadd_in_c
#define _mm512_store_ps storef_in_c
