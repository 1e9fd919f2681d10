#pragma once
// The float operations between the matmuls, per instruction set.
#include "CKernels.h"

#pragma clang assume_nonnull begin

#define CARAT_DECLARE_VECTOR(isa)                                                                                     \
    void carat_rms_norm_##isa(const float *x, const float *weight, float epsilon, size_t count, float *y);            \
    void carat_rope_##isa(float *head, const float *cosines, const float *sines, size_t dim);                         \
    void carat_geglu_##isa(const float *gate, const float *up, size_t count, float *out);                             \
    void carat_add_##isa(const float *x, size_t count, float *y);                                                     \
    void carat_to_f16_##isa(const float *x, size_t count, uint16_t *out);                                              \
    void carat_softmax_sum_##isa(const float *x, size_t count, float *maximum, double *sum);                          \
    double carat_softmax_gap_##isa(const float *p, float p_max, const float *q, float q_max, size_t count);

CARAT_DECLARE_VECTOR(portable)
CARAT_DECLARE_VECTOR(avx2)
CARAT_DECLARE_VECTOR(neon)
void carat_geglu_avx512(const float *gate, const float *up, size_t count, float *out);

/// The vector entries of a table's designated initialiser.
#define CARAT_VECTOR_TABLE(isa)                                                                                       \
    .rms_norm = carat_rms_norm_##isa, .rope = carat_rope_##isa, .geglu = carat_geglu_##isa, .add = carat_add_##isa,   \
    .to_f16 = carat_to_f16_##isa, .softmax_sum = carat_softmax_sum_##isa, .softmax_gap = carat_softmax_gap_##isa

#pragma clang assume_nonnull end
