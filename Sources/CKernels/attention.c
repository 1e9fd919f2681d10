// Attention of a block of query rows to one run of keys: the loops around the kernels of an instruction set.
#include "attention.h"
#include "blocks.h"
#include <math.h>

void carat_store_key(const carat_kernels *k, carat_kv_type type, const float *x, size_t dim, void *panel, size_t lane) {
    for (size_t i = 0; i < dim; i += CARAT_BLOCK) {
        const size_t count = dim - i < CARAT_BLOCK ? dim - i : CARAT_BLOCK;
        const size_t first = i * CARAT_KEY_PANEL + lane;
        switch (type) {
        case CARAT_KV_F32:
            for (size_t j = 0; j < count; j++) ((float *)panel)[first + j * CARAT_KEY_PANEL] = x[i + j];
            break;
        case CARAT_KV_F16: {
            uint16_t halves[CARAT_BLOCK];
            k->to_f16(x + i, count, halves);
            for (size_t j = 0; j < count; j++) ((uint16_t *)panel)[first + j * CARAT_KEY_PANEL] = halves[j];
            break;
        }
        default: {
            float block[CARAT_BLOCK] = {0};
            carat_act32 codes;
            memcpy(block, x + i, count * sizeof *block);
            k->quantize32(block, CARAT_BLOCK, &codes);
            for (size_t j = 0; j < count; j++) ((int8_t *)panel)[first + j * CARAT_KEY_PANEL] = codes.codes[j];
            uint16_t *scales = (uint16_t *)((int8_t *)panel + dim * CARAT_KEY_PANEL);
            k->to_f16(&codes.d, 1, &scales[i / CARAT_BLOCK * CARAT_KEY_PANEL + lane]);
        }
        }
    }
}

void carat_store_value(const carat_kernels *k, carat_kv_type type, const float *x, size_t dim, void *row) {
    switch (type) {
    case CARAT_KV_F32: memcpy(row, x, dim * sizeof *x); return;
    case CARAT_KV_F16: k->to_f16(x, dim, row); return;
    default: break;
    }
    const size_t filled = (dim + CARAT_VALUE_PANEL - 1) / CARAT_VALUE_PANEL * CARAT_VALUE_PANEL;
    uint16_t *scales = (uint16_t *)((int8_t *)row + filled);
    for (size_t i = 0; i < dim; i += CARAT_BLOCK) {
        const size_t count = dim - i < CARAT_BLOCK ? dim - i : CARAT_BLOCK;
        float block[CARAT_BLOCK] = {0};
        carat_act32 codes;
        memcpy(block, x + i, count * sizeof *block);
        k->quantize32(block, CARAT_BLOCK, &codes);
        memcpy((int8_t *)row + i, codes.codes, count);
        k->to_f16(&codes.d, 1, &scales[i / CARAT_BLOCK]);
    }
}

/// Rows of a block, at most, that read the cache's own type: the heads of one position, in decode.
enum { FEW_ROWS = 8 };

/// Rows of the next tile. The last two tiles are alike: one of few rows would wait for its own sums.
static size_t tile_rows(size_t left, size_t most) {
    if (left > most && left < 2 * most) return (left + 1) / 2;
    return left < most ? left : most;
}

/// Keys that row `row` of the block sees.
static size_t visible(const carat_attention *run, size_t row) {
    const size_t count = run->first_count + row / run->heads;
    return count < CARAT_RUN ? count : CARAT_RUN;
}

/// Scores of all rows against all keys that any of them sees.
static void score_block(
    const carat_attention_kernels *k, const carat_attention *run, size_t rows, float *scores, float *keys) {
    const size_t panel_bytes = carat_key_panel_bytes(run->key_type, run->dim);
    const size_t value_bytes = CARAT_KEY_PANEL * carat_value_row_bytes(run->value_type, run->dim);
    const size_t count = visible(run, rows - 1);
    const bool direct = run->key_type == CARAT_KV_F32 || (rows <= FEW_ROWS && k->score[run->key_type]);
    void (*const score)(const void *, size_t, const float *const *, size_t, float *) =
        k->score[direct ? run->key_type : CARAT_KV_F32];
    for (size_t first = 0; first < count; first += CARAT_KEY_PANEL) {
        const size_t panel = first / CARAT_KEY_PANEL;
        const void *panel_keys = (const char *)run->keys + panel * panel_bytes;
        if (!direct) {
            k->load_keys[run->key_type](panel_keys, run->dim, keys);
            panel_keys = keys;
        }
        // the values of these keys come next, and in columns, which the hardware doesn't foresee
        const char *values = (const char *)run->values + panel * value_bytes;
        for (size_t i = 0; i < value_bytes; i += 64) __builtin_prefetch(values + i, 0, 2);

        for (size_t row = 0, n; row < rows; row += n) {
            n = tile_rows(rows - row, k->rows);
            if (visible(run, row + n - 1) <= first) continue;  // above the diagonal
            const float *queries[CARAT_ATTENTION_ROWS];
            for (size_t r = 0; r < n; r++)
                queries[r] = run->queries + (row + r) / run->heads * run->stride + (row + r) % run->heads * run->dim;
            score(panel_keys, run->dim, queries, n, scores + row * CARAT_RUN + first);
        }
    }
}

/// Factors that bring two runs to a common maximum, which becomes the first one's.
static void balance(float *max_a, float *sum_a, float max_b, float sum_b, float *kept, float *added) {
    const float maximum = max_b > *max_a ? max_b : *max_a;
    *kept = expf(*max_a - maximum);
    *added = expf(max_b - maximum);
    *max_a = maximum;
    *sum_a = *sum_a * *kept + sum_b * *added;
}

void carat_attend(const carat_kernels *kernels, const carat_attention *run) {
    const carat_attention_kernels *k = &kernels->attention;
    const size_t rows = run->positions * run->heads;
    float *scores = run->scratch, *kept = scores + rows * CARAT_RUN, *added = kept + rows, *panel = added + rows;

    score_block(k, run, rows, scores, panel);
    for (size_t row = 0; row < rows; row++) {
        float maximum, sum;
        k->exponentiate(scores + row * CARAT_RUN, visible(run, row), &maximum, &sum);
        if (run->joins) {
            balance(&run->maxima[row], &run->sums[row], maximum, sum, &kept[row], &added[row]);
        } else {
            run->maxima[row] = maximum;
            run->sums[row] = sum;
        }
    }

    const size_t count = visible(run, rows - 1);
    // rows of F32 lie so that a column of them falls into few sets of the first-level cache: these are always copied
    const bool direct = run->value_type == CARAT_KV_F16 && rows <= FEW_ROWS && k->mix[CARAT_KV_F16];
    const size_t row_bytes =
        direct ? carat_value_row_bytes(run->value_type, run->dim) : CARAT_VALUE_PANEL * sizeof(float);
    for (size_t first = 0; first < run->dim; first += CARAT_VALUE_PANEL) {
        if (!direct) k->load_values[run->value_type](run->values, run->dim, first, count, panel);
        const void *values = direct ? (const char *)run->values + first * sizeof(uint16_t) : (const void *)panel;
        const size_t left = run->dim - first;
        carat_mix_tile tile = {.width = left < CARAT_VALUE_PANEL ? left : CARAT_VALUE_PANEL, .joins = run->joins};
        for (size_t row = 0; row < rows; row += tile.rows) {
            tile.rows = tile_rows(rows - row, k->rows);
            tile.weights = scores + row * CARAT_RUN;
            for (size_t r = 0; r < tile.rows; r++) {
                const size_t position = (row + r) / run->heads, head = (row + r) % run->heads;
                tile.counts[r] = visible(run, row + r);
                tile.mixed[r] = run->mixed + position * run->mixed_stride + head * run->dim + first;
                tile.kept[r] = kept[row + r];
                tile.added[r] = added[row + r];
            }
            k->mix[direct ? CARAT_KV_F16 : CARAT_KV_F32](&tile, values, row_bytes);
        }
    }
}

void carat_join_runs(
    const carat_kernels *kernels, size_t rows, size_t dim, float *max_a, float *sum_a, float *mixed_a,
    const float *max_b, const float *sum_b, const float *mixed_b) {
    for (size_t row = 0; row < rows; row++) {
        float kept, added;
        balance(&max_a[row], &sum_a[row], max_b[row], sum_b[row], &kept, &added);
        kernels->attention.join(mixed_a + row * dim, mixed_b + row * dim, kept, added, dim);
    }
}

void carat_finish_attention(float *mixed, const float *sums, size_t rows, size_t dim) {
    for (size_t row = 0; row < rows; row++) {
        const float scale = 1 / sums[row];
        for (size_t i = 0; i < dim; i++) mixed[row * dim + i] *= scale;
    }
}
