#pragma once
// SIMD kernels of Carat, one file per weight format, behind a table that is chosen at run time by CPU feature.
//
// Every quantized kernel is exact in its integers: per super-block it forms whole sums of codes x int8 activations and
// then scales them in one fixed order of Float operations. So all instruction sets give the same bits, and a result
// does not depend on how rows and columns were shared out among threads.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CAffinity.h"
#include "CEncoders.h"
#include "CMachineProbe.h"

#pragma clang assume_nonnull begin

/// Weight formats that Carat computes with.
typedef enum {
    CARAT_F32,
    CARAT_F16,
    CARAT_BF16,
    CARAT_Q8_0,
    CARAT_Q2_K,
    CARAT_Q3_K,
    CARAT_Q4_K,
    CARAT_Q5_K,
    CARAT_Q6_K,
    CARAT_FORMAT_COUNT
} carat_format;

/// 256 activations as int8 codes in [-127, 127] under one scale: the partner of the K formats. `sum` is that of all codes,
/// `sums[i]` is the sum of codes[16*i ..< 16*i+16], `sums32[i]` of codes[32*i ..< 32*i+32]. `pair_offsets[i]` is -32
/// times sums[i] in two parts: of the codes whose number leaves 0 or 1 when divided by 4, and of those that leave 2 or
/// 3; it is where the sums of codes with an offset start. A block with a NaN or an infinity has d = NaN and codes 0.
typedef struct {
    float d;
    int32_t sum;
    int16_t sums[16];
    int16_t sums32[8];
    int16_t pair_offsets[16][2];
    int8_t codes[256];
} carat_act256;

/// 32 activations as int8 codes in [-127, 127] under one scale: the partner of Q8_0.
typedef struct {
    float d;
    int8_t codes[32];
} carat_act32;

/// out[i] = value of weight i of one row; `count` weights, a whole number of blocks.
typedef void (*carat_dequantize_fn)(const void *row, size_t count, float *out);

/// y[r] = row r . activation, for `row_count` rows that lie `row_bytes` apart, each `columns` weights long.
/// `activation`: carat_act256[columns/256] for K formats, carat_act32[columns/32] for Q8_0, float[columns] for the rest.
typedef void (*carat_dot_fn)(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y);

/// y[p * y_stride + r] = row r . activation p, the same bits as `carat_dot_fn` gives, for many positions at a time.
/// `activations`: carat_act256[positions][columns/256].
typedef void (*carat_tile_fn)(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *activations,
    size_t positions, float *y, size_t y_stride);

/// Element types of a KV cache.
typedef enum { CARAT_KV_F32, CARAT_KV_F16, CARAT_KV_Q8_0, CARAT_KV_TYPE_COUNT } carat_kv_type;

enum {
    CARAT_KEY_PANEL = 16,     // keys whose numbers lie side by side
    CARAT_VALUE_PANEL = 16,   // numbers of a value row that are mixed together
    CARAT_RUN = 256,          // keys of one softmax; whole runs begin at multiples of it
    CARAT_ATTENTION_ROWS = 12  // query rows of one kernel call, at most, on any instruction set
};

/// Rows of queries against one run of keys, a row being one head of one position.
///
/// Scores, softmax and weighted values of a run stand for themselves; runs are joined in ascending order. Within a run
/// each sum goes one by one over its numbers, in a lane of its own: so a row's bits depend on nothing but its own
/// query, keys and values, whatever the block, the ubatch and the thread.
typedef struct {
    carat_kv_type key_type, value_type;
    const void *keys;         // panels, `carat_key_panel_bytes` apart
    const void *values;       // rows, `carat_value_row_bytes` apart
    size_t dim, heads;        // numbers of a head; query heads that share the KV head
    size_t positions;         // of queries
    size_t first_count;       // keys that the first position sees, 1 ... CARAT_RUN; each next one sees one more,
                              // but no more than CARAT_RUN
    const float *queries;     // [positions, stride], the first heads * dim of each; already scaled by 1/sqrt(dim)
    float *mixed;             // in and out, [positions, mixed_stride]: sum of exp(score - maximum) * value
    size_t stride, mixed_stride;
    float *maxima;            // in and out, [positions * heads]: largest score
    float *sums;              // in and out, [positions * heads]: sum of exp(score - maximum)
    bool joins;               // whether maxima, sums and mixed hold the runs before; else they are overwritten
    float *scratch;           // `carat_attention_scratch` floats
} carat_attention;

/// Some rows of weights times a panel of values.
typedef struct {
    size_t rows;
    const float *weights;                         // [rows, CARAT_RUN]
    size_t counts[CARAT_ATTENTION_ROWS];          // keys of each row, ascending
    float *_Nonnull mixed[CARAT_ATTENTION_ROWS];  // where the products go
    size_t width;                                 // numbers to write there, 1 ... CARAT_VALUE_PANEL
    bool joins;                                   // mixed = mixed * kept + product * added, else mixed = product
    float kept[CARAT_ATTENTION_ROWS], added[CARAT_ATTENTION_ROWS];
} carat_mix_tile;

/// The inner loops of attention.
typedef struct {
    /// Query rows of one call, at most.
    size_t rows;
    /// A key panel as floats, [dim, CARAT_KEY_PANEL].
    void (*_Nonnull load_keys[CARAT_KV_TYPE_COUNT])(const void *panel, size_t dim, float *out);
    /// Numbers first ..< first + CARAT_VALUE_PANEL of `count` value rows as floats, [count, CARAT_VALUE_PANEL].
    void (*_Nonnull load_values[CARAT_KV_TYPE_COUNT])(
        const void *rows, size_t dim, size_t first, size_t count, float *out);
    /// scores[r * CARAT_RUN + lane] = queries[r] . key of `lane`, for 1 ... `rows` rows. Besides that for
    /// F32 there may be others, for rows so few that they don't repay a conversion; they give the same bits.
    void (*_Nullable score[CARAT_KV_TYPE_COUNT])(
        const void *panel, size_t dim, const float *_Nonnull const *_Nonnull queries, size_t rows, float *scores);
    /// In place: scores to exp(score - maximum). There is room up to a multiple of 8.
    void (*_Nonnull exponentiate)(float *scores, size_t count, float *maximum, float *sum);
    /// Values: what `load_values` gives; for other types than F32 the cache's own rows, from the panel's first number.
    void (*_Nullable mix[CARAT_KV_TYPE_COUNT])(const carat_mix_tile *tile, const void *values, size_t row_bytes);
    /// a = a * kept + b * added, the same operations as those of `mix`.
    void (*_Nonnull join)(float *a, const float *b, float kept, float added, size_t count);
} carat_attention_kernels;

/// The kernels of one instruction set.
typedef struct {
    const char *isa;
    carat_dequantize_fn _Nonnull dequantize[CARAT_FORMAT_COUNT];
    carat_dot_fn _Nonnull dot[CARAT_FORMAT_COUNT];
    carat_tile_fn _Nullable tile[CARAT_FORMAT_COUNT];  // NULL where only `dot` is there
    size_t tile_positions;                             // from which on a tile is faster than a dot for each
    /// The same for activations in another order, as `pair256` leaves them; faster from `paired_positions` on.
    carat_tile_fn _Nullable paired_tile[CARAT_FORMAT_COUNT];
    size_t paired_positions;
    /// In place: of each 32 codes, two of the first 16 and two of the second in turn, codes 0 1 16 17 2 3 18 19 ...; and
    /// pair_offsets[i] = -4 times sums[2 * i] and sums[2 * i + 1], for i < 8. NULL where there are no such tiles.
    void (*_Nullable pair256)(carat_act256 *blocks, size_t count);

    /// `count` floats to int8 blocks; count is a multiple of the block size.
    void (*_Nonnull quantize256)(const float *x, size_t count, carat_act256 *out);
    void (*_Nonnull quantize32)(const float *x, size_t count, carat_act32 *out);

    /// y = x / sqrt(mean(x^2) + epsilon) * weight
    void (*_Nonnull rms_norm)(const float *x, const float *weight, float epsilon, size_t count, float *y);
    /// Rotates the pairs (i, i + dim/2) of one head in place (the NEOX order).
    void (*_Nonnull rope)(float *head, const float *cosines, const float *sines, size_t dim);
    /// out = gelu(gate) * up, with the tanh form of GELU; `out` may be `gate`.
    void (*_Nonnull geglu)(const float *gate, const float *up, size_t count, float *out);
    /// y += x
    void (*_Nonnull add)(const float *x, size_t count, float *y);
    void (*_Nonnull to_f16)(const float *x, size_t count, uint16_t *out);
    /// The largest of x, and the sum of exp(x - maximum); NaN where one of x is NaN or +infinity, or all are -infinity.
    void (*_Nonnull softmax_sum)(const float *x, size_t count, float *maximum, double *sum);
    /// Sum of exp(p - p_max) * ((p - p_max) - (q - q_max)), with the exponentials of `softmax_sum`: what a
    /// Kullback-Leibler divergence is made of. Where exp(p - p_max) is 0, so is the product.
    double (*_Nonnull softmax_gap)(const float *p, float p_max, const float *q, float q_max, size_t count);
    carat_attention_kernels attention;
} carat_kernels;

/// Scalar C, the specification; runs everywhere.
const carat_kernels *carat_kernels_portable(void);
/// AVX2 + FMA + F16C, or NULL where this CPU or build lacks them.
const carat_kernels *_Nullable carat_kernels_avx2(void);
/// AVX2 with quantized dots and tiles of AVX-VNNI, or NULL where this CPU or build lacks it.
const carat_kernels *_Nullable carat_kernels_avxvnni(void);
/// AVX2 with quantized dots and tiles of AVX-512-VNNI, and with attention and GeGLU in 512 bits, or NULL where this CPU
/// or build lacks it.
const carat_kernels *_Nullable carat_kernels_avx512vnni(void);
/// NEON with its dot product instructions, or NULL where this CPU or build lacks them.
const carat_kernels *_Nullable carat_kernels_neon(void);

static inline carat_dot_fn _Nonnull carat_dot(const carat_kernels *k, carat_format format) { return k->dot[format]; }
static inline carat_tile_fn _Nullable carat_tile(const carat_kernels *k, carat_format format) {
    return k->tile[format];
}
static inline carat_tile_fn _Nullable carat_paired_tile(const carat_kernels *k, carat_format format) {
    return k->paired_tile[format];
}
static inline carat_dequantize_fn _Nonnull carat_dequantize(const carat_kernels *k, carat_format format) {
    return k->dequantize[format];
}

/// Bytes of 16 keys: [dim][16] numbers; in Q8_0 [dim][16] codes, then [dim/32 rounded up][16] scales in F16.
static inline size_t carat_key_panel_bytes(carat_kv_type type, size_t dim) {
    switch (type) {
    case CARAT_KV_F32: return dim * CARAT_KEY_PANEL * 4;
    case CARAT_KV_F16: return dim * CARAT_KEY_PANEL * 2;
    default: return (dim + (dim + 31) / 32 * 2) * CARAT_KEY_PANEL;
    }
}

/// Bytes of one value row: dim numbers, filled up to a multiple of 16; in Q8_0 as many codes, then dim/32 rounded up
/// scales in F16.
static inline size_t carat_value_row_bytes(carat_kv_type type, size_t dim) {
    const size_t filled = (dim + CARAT_VALUE_PANEL - 1) / CARAT_VALUE_PANEL * CARAT_VALUE_PANEL;
    switch (type) {
    case CARAT_KV_F32: return filled * 4;
    case CARAT_KV_F16: return filled * 2;
    default: return filled + (dim + 31) / 32 * 2;
    }
}

/// Floats that `carat_attend` needs for `rows` = positions * heads.
static inline size_t carat_attention_scratch(size_t rows, size_t dim) {
    const size_t panel = dim > CARAT_RUN ? dim : CARAT_RUN;
    return rows * (CARAT_RUN + 2) + panel * CARAT_KEY_PANEL;
}

/// Writes one key row of `dim` floats to lane 0 ..< 16 of its panel.
void carat_store_key(const carat_kernels *k, carat_kv_type type, const float *x, size_t dim, void *panel, size_t lane);
/// Writes one value row of `dim` floats.
void carat_store_value(const carat_kernels *k, carat_kv_type type, const float *x, size_t dim, void *row);
/// Attends to one run, and joins it to the runs before.
void carat_attend(const carat_kernels *k, const carat_attention *run);
/// Joins run `b` into run `a`: [rows] maxima and sums, [rows, dim] mixed values.
void carat_join_runs(
    const carat_kernels *k, size_t rows, size_t dim, float *max_a, float *sum_a, float *mixed_a, const float *max_b,
    const float *sum_b, const float *mixed_b);
/// Divides the `rows` heads that lie one after another in `mixed` by their sums.
void carat_finish_attention(float *mixed, const float *sums, size_t rows, size_t dim);

#pragma clang assume_nonnull end
