#pragma once
// The inner loops of attention, per instruction set; the loops around them are in attention.c, the same for all.
#include "CKernels.h"

#pragma clang assume_nonnull begin

#define CARAT_DECLARE_ATTENTION(isa)                                                                                  \
    void carat_load_keys_f32_##isa(const void *panel, size_t dim, float *out);                                        \
    void carat_load_keys_f16_##isa(const void *panel, size_t dim, float *out);                                        \
    void carat_load_keys_q8_0_##isa(const void *panel, size_t dim, float *out);                                       \
    void carat_load_values_f32_##isa(const void *rows, size_t dim, size_t first, size_t count, float *out);           \
    void carat_load_values_f16_##isa(const void *rows, size_t dim, size_t first, size_t count, float *out);           \
    void carat_load_values_q8_0_##isa(const void *rows, size_t dim, size_t first, size_t count, float *out);          \
    void carat_score_##isa(                                                                                           \
        const float *keys, size_t dim, const float *_Nonnull const *_Nonnull queries, size_t rows, float *scores);    \
    void carat_exponentiate_##isa(float *scores, size_t count, float *maximum, float *sum);                           \
    void carat_mix_##isa(const carat_mix_tile *tile, const float *values);                                            \
    void carat_join_##isa(float *a, const float *b, float kept, float added, size_t count);

CARAT_DECLARE_ATTENTION(portable)
CARAT_DECLARE_ATTENTION(avx2)

/// The attention entries of a table's designated initialiser.
#define CARAT_ATTENTION_TABLE(isa)                                                                                    \
    .attention = {                                                                                                    \
        .load_keys = {carat_load_keys_f32_##isa, carat_load_keys_f16_##isa, carat_load_keys_q8_0_##isa},              \
        .load_values = {carat_load_values_f32_##isa, carat_load_values_f16_##isa, carat_load_values_q8_0_##isa},      \
        .score = carat_score_##isa, .exponentiate = carat_exponentiate_##isa, .mix = carat_mix_##isa,                 \
        .join = carat_join_##isa,                                                                                     \
    }

#pragma clang assume_nonnull end
