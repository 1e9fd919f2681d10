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
    void carat_score_f32_##isa(                                                                                       \
        const void *panel, size_t dim, const float *_Nonnull const *_Nonnull queries, size_t rows, float *scores);    \
    void carat_exponentiate_##isa(float *scores, size_t count, float *maximum, float *sum);                           \
    void carat_mix_f32_##isa(const carat_mix_tile *tile, const void *values, size_t row_bytes);                       \
    void carat_join_##isa(float *a, const float *b, float kept, float added, size_t count);

CARAT_DECLARE_ATTENTION(portable)
CARAT_DECLARE_ATTENTION(avx2)
void carat_score_f16_avx2(
    const void *panel, size_t dim, const float *_Nonnull const *_Nonnull queries, size_t rows, float *scores);
void carat_mix_f16_avx2(const carat_mix_tile *tile, const void *values, size_t row_bytes);
void carat_score_f32_avx512(
    const void *panel, size_t dim, const float *_Nonnull const *_Nonnull queries, size_t rows, float *scores);
void carat_score_f16_avx512(
    const void *panel, size_t dim, const float *_Nonnull const *_Nonnull queries, size_t rows, float *scores);
void carat_mix_f32_avx512(const carat_mix_tile *tile, const void *values, size_t row_bytes);
void carat_mix_f16_avx512(const carat_mix_tile *tile, const void *values, size_t row_bytes);
void carat_exponentiate_avx512(float *scores, size_t count, float *maximum, float *sum);

/// The attention entries of a table's designated initialiser; `score_f16` and `mix_f16` read F16 directly, or are NULL.
#define CARAT_ATTENTION_TABLE(isa, score_f16, mix_f16)                                                                \
    .attention = {                                                                                                    \
        .rows = 6,                                                                                                    \
        .load_keys = {carat_load_keys_f32_##isa, carat_load_keys_f16_##isa, carat_load_keys_q8_0_##isa},              \
        .load_values = {carat_load_values_f32_##isa, carat_load_values_f16_##isa, carat_load_values_q8_0_##isa},      \
        .score = {carat_score_f32_##isa, score_f16}, .exponentiate = carat_exponentiate_##isa,                        \
        .mix = {carat_mix_f32_##isa, mix_f16},                                                                        \
        .join = carat_join_##isa,                                                                                     \
    }

#pragma clang assume_nonnull end
