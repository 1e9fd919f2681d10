// Compares the kernel tables of this CPU with the portable one, the specification: dots, tiles, dequantization and
// quantization bit for bit, the float operations between matmuls within a tolerance.
//
//     prove              every table that this CPU can run
//     prove neon -avx2   neon must be there and right, avx2 must be missing
#include "../../Sources/CKernels/kernels.h"
#include "../../Sources/CKernels/blocks.h"
#include <math.h>
#include <stdio.h>

enum { TAIL = 33, MAX_ROWS = 80, MAX_POSITIONS = 513, MAX_COLUMNS = 1280, MARGIN = 3 };

static const carat_kernels *spec, *table;
static size_t compared, failures;

static uint64_t state = 1;
static uint64_t next(void) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}
static size_t below(size_t n) { return next() % n; }
static float uniform(float size) { return size * ((float)(next() >> 40) * 0x1p-23f - 1); }

static void check(bool right, const char *what, const char *detail, size_t a, size_t b) {
    compared++;
    if (right) return;
    if (++failures <= 20) printf("WRONG %s: %s %s at %zu, %zu\n", table->isa, what, detail, a, b);
}

static void same(const float *x, const float *y, size_t count, const char *what, const char *detail, size_t where) {
    for (size_t i = 0; i < count; i++)
        check(memcmp(x + i, y + i, sizeof *x) == 0 || (isnan(x[i]) && isnan(y[i])), what, detail, where, i);
}

static void near(
    const float *x, const float *y, size_t count, float tolerance, const char *what, const char *detail) {
    for (size_t i = 0; i < count; i++)
        check(fabsf(x[i] - y[i]) <= tolerance * (1 + fabsf(y[i])), what, detail, 0, i);
}

// Quantized formats: where their half floats and scales lie.

typedef struct {
    const char *name;
    carat_format id;
    size_t bytes, weights, halves[2], half_count, scales, scale_bytes;
} format;

static const format formats[] = {
    {"q8_0", CARAT_Q8_0, 34, 32, {0}, 1, 0, 0},
    {"q2_K", CARAT_Q2_K, 84, 256, {80, 82}, 2, 0, 16},
    {"q3_K", CARAT_Q3_K, 110, 256, {108}, 1, 96, 12},
    {"q4_K", CARAT_Q4_K, 144, 256, {0, 2}, 2, 4, 12},
    {"q5_K", CARAT_Q5_K, 176, 256, {0, 2}, 2, 4, 12},
    {"q6_K", CARAT_Q6_K, 210, 256, {208}, 1, 192, 16},
};

enum { RANDOM, ZEROS, ONES, ALTERNATING, EXTREMES, LOW_CODES, HIGH_CODES, WEIGHT_KINDS };

/// Blocks under scales that are finite (`special` < 0) or that half float.
static void fill_blocks(const format *f, int kind, int special, size_t count, uint8_t *out) {
    static const uint8_t extremes[] = {0x00, 0xff, 0x80, 0x7f, 0x20, 0x1f};
    for (size_t b = 0; b < count; b++, out += f->bytes) {
        const uint8_t scale = extremes[below(6)];
        for (size_t i = 0; i < f->bytes; i++) {
            const bool is_scale = i >= f->scales && i < f->scales + f->scale_bytes;
            switch (kind) {
            case RANDOM: out[i] = (uint8_t)next(); break;
            case ZEROS: out[i] = 0; break;
            case ONES: out[i] = 0xff; break;
            case ALTERNATING: out[i] = i % 2 ? 0xff : 0; break;
            case EXTREMES: out[i] = extremes[below(6)]; break;
            case LOW_CODES: out[i] = is_scale ? scale : 0; break;
            case HIGH_CODES: out[i] = is_scale ? scale : 0xff; break;
            }
        }
        for (size_t h = 0; h < f->half_count; h++) {
            uint16_t half = kind == RANDOM ? (uint16_t)(next() & 0xbbff) : next() % 2 ? 0x3c00 : 0xbc00;
            if (special >= 0) half = (uint16_t)special;
            memcpy(out + f->halves[h], &half, sizeof half);
        }
    }
}

static int8_t activation(int kind, size_t i) {
    switch (kind) {
    case 0: return (int8_t)((int)below(255) - 127);
    case 1: return 127;
    case 2: return -127;
    case 3: return i % 2 ? -127 : 127;
    case 4: return i / 2 % 2 ? -127 : 127;
    case 5: return i / 16 % 2 ? -127 : 127;
    default: return next() % 2 ? -127 : 127;
    }
}
enum { ACTIVATION_KINDS = 7 };

/// Code number `i` of a block in which it was 0.
static void set_code(carat_act256 *block, size_t i, int8_t code) {
    block->codes[i] = code;
    block->sums[i / 16] = (int16_t)(block->sums[i / 16] + code);
    block->sums32[i / 32] = (int16_t)(block->sums32[i / 32] + code);
    block->sum += code;
    int16_t *pair = &block->pair_offsets[i / 16][i / 2 % 2];
    *pair = (int16_t)(*pair - 32 * code);
}

static void fill_act256(int kind, size_t count, carat_act256 *out) {
    memset(out, 0, count * sizeof *out);
    for (size_t b = 0; b < count; b++) {
        out[b].d = uniform(1);
        for (size_t i = 0; i < 256; i++) set_code(out + b, i, activation(kind, i));
    }
}

static void fill_act32(int kind, size_t count, carat_act32 *out) {
    for (size_t b = 0; b < count; b++) {
        out[b].d = uniform(1);
        for (size_t i = 0; i < 32; i++) out[b].codes[i] = activation(kind, i);
    }
}

static uint8_t row_bytes_of[MAX_ROWS * MAX_COLUMNS * 2];
static carat_act256 act[MAX_POSITIONS * MAX_COLUMNS / 256];
static float want[MAX_POSITIONS][MAX_ROWS], got[MAX_POSITIONS * (MAX_ROWS + MARGIN)];

/// Rows lie at an odd address, right before what must not be used.
static uint8_t *const rows = row_bytes_of + 1;

static void compare_dot(const format *f, size_t columns, size_t row_count, const void *x, const float *expected) {
    for (size_t r = 0; r < row_count + MARGIN; r++) got[r] = -7;
    table->dot[f->id](rows, columns / f->weights * f->bytes, row_count, columns, x, got);
    same(got, expected, row_count, "dot", f->name, columns);
    for (size_t r = 0; r < MARGIN; r++) check(got[row_count + r] == -7, "dot wrote too far", f->name, columns, row_count);
}

static void compare_one_tile(
    carat_tile_fn tile, const carat_act256 *x, const char *what, float *y, size_t stride, const format *f,
    size_t columns, size_t row_count, size_t positions) {
    for (size_t i = 0; i < positions * stride; i++) y[i] = -7;
    tile(rows, columns / f->weights * f->bytes, row_count, columns, x, positions, y, stride);
    for (size_t p = 0; p < positions; p++) {
        same(y + p * stride, want[p], row_count, what, f->name, 1000 * positions + p);
        for (size_t r = 0; r < MARGIN; r++)
            check(y[p * stride + row_count + r] == -7, "tile wrote too far", f->name, p, row_count);
    }
}

static void compare_tile_in(
    float *y, size_t stride, const format *f, size_t columns, size_t row_count, size_t positions) {
    static carat_act256 paired[MAX_POSITIONS * MAX_COLUMNS / 256];
    compare_one_tile(table->tile[f->id], act, "tile", y, stride, f, columns, row_count, positions);
    if (!table->paired_tile[f->id]) return;
    memcpy(paired, act, positions * columns / 256 * sizeof *act);
    table->pair256(paired, positions * columns / 256);
    compare_one_tile(table->paired_tile[f->id], paired, "paired tile", y, stride, f, columns, row_count, positions);
}

static void compare_tile(const format *f, size_t columns, size_t row_count, size_t positions) {
    compare_tile_in(got, row_count + MARGIN, f, columns, row_count, positions);
}

/// `want` of all positions by the specification.
static void expect(const format *f, size_t columns, size_t row_count, size_t positions) {
    for (size_t p = 0; p < positions; p++)
        spec->dot[f->id](rows, columns / f->weights * f->bytes, row_count, columns, act + p * columns / 256, want[p]);
}

/// Positions of which some kernels take the first few in a way of their own, and all in another.
enum { FEW = 9, SOME = 14 };

/// 18 rows of 768 columns.
static void compare_some(const format *f) {
    expect(f, 768, 18, SOME);
    for (size_t p = 0; p < SOME; p++) compare_dot(f, 768, 18, act + 3 * p, want[p]);
    if (!table->tile[f->id]) return;
    for (size_t p = 1; p <= FEW; p++) compare_tile(f, 768, 18, p);
    compare_tile(f, 768, 18, SOME);
}

static void prove_products(const format *f) {
    static const size_t widths[] = {256, 768, 1280};
    if (f->id == CARAT_Q8_0) {
        for (int kind = 0; kind < WEIGHT_KINDS * ACTIVATION_KINDS; kind++)
            for (size_t columns = 32; columns <= 160; columns += 64) {
                carat_act32 x[160 / 32];
                fill_blocks(f, kind / ACTIVATION_KINDS, -1, 9 * columns / 32, rows);
                fill_act32(kind % ACTIVATION_KINDS, columns / 32, x);
                spec->dot[f->id](rows, columns / 32 * f->bytes, 9, columns, x, want[0]);
                for (size_t r = 1; r <= 9; r++) compare_dot(f, columns, r, x, want[0]);
            }
        return;
    }
    for (int kind = 0; kind < WEIGHT_KINDS * ACTIVATION_KINDS; kind++) {  // worst cases
        fill_blocks(f, kind / ACTIVATION_KINDS, -1, 2 * 18, rows);
        fill_act256(kind % ACTIVATION_KINDS, 2 * SOME, act);
        expect(f, 512, 18, SOME);
        for (size_t p = 0; p < SOME; p++) compare_dot(f, 512, 18, act + 2 * p, want[p]);
        if (!table->tile[f->id]) continue;
        compare_tile(f, 512, 18, FEW);
        compare_tile(f, 512, 18, SOME);
    }
    static const int specials[] = {0x0001, 0x8001, 0x7bff, 0x7c00, 0xfc00, 0x7e01};  // denormal, largest, inf, NaN
    for (int kind = 0; kind < 6 * WEIGHT_KINDS; kind++) {
        fill_blocks(f, kind / 6, specials[kind % 6], 3 * 18, rows);
        fill_act256(kind % ACTIVATION_KINDS, 3 * SOME, act);
        for (size_t b = 0; b < 3 * SOME; b += 5) act[b].d = NAN;
        compare_some(f);
    }
    for (int turn = 0; turn < 20; turn++) {  // sums of -1 that underflow to -0, and then sums of 0: what zero comes out
        fill_blocks(f, RANDOM, 0x0001, 3 * 18, rows);
        memset(act, 0, 3 * SOME * sizeof *act);
        for (size_t b = 0; b < 3 * SOME; b++) {
            act[b].d = 0x1p-126f;
            if (b % 3 == 0) set_code(act + b, below(256), next() % 2 ? -1 : 1);
        }
        compare_some(f);
    }
    for (size_t w = 0; w < 3; w++) {  // every tail
        static const size_t row_counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33};
        static const size_t position_counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 18, 31, 32, 33};
        const size_t columns = widths[w];
        fill_blocks(f, RANDOM, -1, columns / 256 * TAIL, rows);
        fill_act256(0, columns / 256 * TAIL, act);
        expect(f, columns, TAIL, TAIL);
        for (size_t r = 0; r < 14; r++) {
            compare_dot(f, columns, row_counts[r], act, want[0]);
            if (!table->tile[f->id]) continue;
            for (size_t p = 0; p < 16; p++)
                if (w == 0 || r >= 7 || p >= 9) compare_tile(f, columns, row_counts[r], position_counts[p]);
        }
    }
    if (!table->tile[f->id]) return;
    static const size_t row_counts[] = {17, 48, 65, 80}, position_counts[] = {64, 65, 135, 513};  // several sweeps
    fill_blocks(f, RANDOM, -1, MAX_COLUMNS / 256 * MAX_ROWS, rows);
    fill_act256(0, MAX_COLUMNS / 256 * MAX_POSITIONS, act);
    expect(f, MAX_COLUMNS, MAX_ROWS, MAX_POSITIONS);
    for (size_t r = 0; r < 4; r++)
        for (size_t p = 0; p < 4; p++) compare_tile(f, MAX_COLUMNS, row_counts[r], position_counts[p]);
    static _Alignas(64) float large[MAX_POSITIONS * 4096];  // outputs that kernels may store past the caches
    expect(f, 256, MAX_ROWS - 1, MAX_POSITIONS);
    compare_tile_in(large, 4096, f, 256, MAX_ROWS - 1, MAX_POSITIONS);
}

static void prove_dequantize(const format *f) {
    static const int halves[] = {-1, 0x0001, 0x83ff, 0x7bff, 0x8000, 0x0000, 0x7c00, 0xfc00, 0x7c01, 0xffff};
    static float x[4 * 256], y[4 * 256];
    for (int kind = 0; kind < WEIGHT_KINDS; kind++)
        for (size_t h = 0; h < 10; h++) {
            fill_blocks(f, kind, halves[h], 4, rows);
            spec->dequantize[f->id](rows, 4 * f->weights, x);
            table->dequantize[f->id](rows, 4 * f->weights, y);
            same(y, x, 4 * f->weights, "dequantize", f->name, h);
        }
}

static void prove_float_format(const char *name, carat_format id, size_t bytes) {
    static const size_t widths[] = {1, 7, 8, 31, 32, 33, 64, 100, 256};
    static float weights[65536], other[65536];
    float x[256];
    for (size_t i = 0; i < sizeof row_bytes_of / 4; i++) {
        const uint32_t pattern = id == CARAT_F16 ? (uint32_t)(next() & 0xbbffbbff) : carat_bits_from_float(uniform(2));
        memcpy(row_bytes_of + 4 * i, &pattern, 4);
    }
    for (size_t i = 0; i < 256; i++) x[i] = uniform(2);
    for (size_t w = 0; w < 9; w++) {
        const size_t columns = widths[w];
        spec->dot[id](row_bytes_of, columns * bytes, 9, columns, x, want[0]);
        for (size_t r = 1; r <= 9; r++) {
            table->dot[id](row_bytes_of, columns * bytes, r, columns, x, got);
            same(got, want[0], r, "dot", name, columns);
        }
    }
    if (bytes == 2)
        for (size_t i = 0; i < 65536; i++) memcpy(row_bytes_of + 2 * i, &(uint16_t){(uint16_t)i}, 2);
    const size_t all = bytes == 2 ? 65536 : 8192;
    spec->dequantize[id](row_bytes_of, all, weights);
    table->dequantize[id](row_bytes_of, all, other);
    same(other, weights, all, "dequantize", name, 0);
    for (size_t count = 0; count < 70; count++) {
        memset(other, 0, sizeof x);
        table->dequantize[id](row_bytes_of, count, other);
        same(other, weights, count, "dequantize", name, count);
    }
}

static void prove_quantize(void) {
    static const float special[] = {NAN, INFINITY, -INFINITY, 0x1p-119f, 0x1.fffffep-120f, 0x1p-149f, 0x1.fffffep127f};
    static const float ties[] = {127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, -126.5f, -0.0f};
    float x[1024];
    carat_act256 a[4], b[4];
    carat_act32 c[32], d[32];
    for (int kind = -125; kind <= 132; kind++) {
        for (size_t i = 0; i < 1024; i++) x[i] = uniform(kind < 120 ? ldexpf(1, kind) : 1);
        if (kind >= 121 && kind < 128) x[below(1024)] = x[below(1024)] = special[kind - 121];
        if (kind == 128) memset(x, 0, sizeof x);
        if (kind == 129) for (size_t i = 0; i < 1024; i++) x[i] = i % 256 == 255 ? -special[6] : special[3];
        if (kind >= 130) for (size_t i = 0; i < 1024; i++) x[i] = ties[i % 10];
        memset(a, 1, sizeof a), memset(b, 1, sizeof b), memset(c, 1, sizeof c), memset(d, 1, sizeof d);
        spec->quantize256(x, 1024, a), table->quantize256(x, 1024, b);
        spec->quantize32(x, 1024, c), table->quantize32(x, 1024, d);
        for (size_t i = 0; i < 4; i++) {
            same(&b[i].d, &a[i].d, 1, "quantize256", "d", i);
            a[i].d = b[i].d = 0;
            check(memcmp(a + i, b + i, sizeof *a) == 0, "quantize256", "codes or sums", (size_t)(kind + 200), i);
        }
        for (size_t i = 0; i < 32; i++) {
            same(&d[i].d, &c[i].d, 1, "quantize32", "d", i);
            check(memcmp(c[i].codes, d[i].codes, 32) == 0, "quantize32", "codes", (size_t)(kind + 200), i);
        }
    }
}

static void prove_attention(size_t heads, size_t dim, size_t count, carat_kv_type type) {
    static float queries[9 * 256], rows[2][48][256], mixed[2][9 * 256], scratch[9 * 258 + 256 * 16];
    static _Alignas(64) uint8_t keys[48 * 256 * 4], values[48 * 256 * 4];
    float maxima[2][9], sums[2][9];
    for (size_t i = 0; i < 9 * 256; i++) queries[i] = uniform(0.3f);
    for (size_t i = 0; i < sizeof rows / sizeof(float); i++) rows[0][0][i] = uniform(1);
    for (size_t k = 0; k < count; k++) {
        uint8_t *panel = keys + k / CARAT_KEY_PANEL * carat_key_panel_bytes(type, dim);
        carat_store_key(spec, type, rows[0][k], dim, panel, k % CARAT_KEY_PANEL);
        carat_store_value(spec, type, rows[1][k], dim, values + k * carat_value_row_bytes(type, dim));
    }
    for (int t = 0; t < 2; t++) {
        const carat_attention run = {
            .key_type = type, .value_type = type, .keys = keys, .values = values, .dim = dim, .heads = heads,
            .positions = 1, .first_count = count, .queries = queries, .mixed = mixed[t], .stride = heads * dim,
            .mixed_stride = heads * dim, .maxima = maxima[t], .sums = sums[t], .scratch = scratch};
        carat_attend(t ? table : spec, &run);
    }
    near(maxima[1], maxima[0], heads, 1e-5f, "attend", "maxima");
    near(sums[1], sums[0], heads, 1e-5f, "attend", "sums");
    near(mixed[1], mixed[0], heads * dim, 1e-5f, "attend", "mixed");
}

/// Numbers with zeros of both signs, and with infinities and NaN where those are `wild`.
static void fill_floats(float *x, size_t count, bool wild) {
    static const float odd[] = {0, -0.0f, 88, -88, 0x1p-140f, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < count; i++) x[i] = below(4) ? uniform(20) : odd[below(wild ? 8 : 5)];
}

/// What AVX-512 does in wider vectors than AVX2 gives the same bits.
static void prove_wide(const carat_kernels *narrow) {
    static float x[2048], w[2048], y[2][2048];
    for (size_t turn = 0; turn < 4000; turn++) {
        const size_t n = 1 + turn % 256, padded = (n + 7) / 8 * 8;
        float maxima[2], sums[2];
        fill_floats(x, n, turn >= 2000);
        for (int t = 0; t < 2; t++) {
            memcpy(y[t], x, sizeof x);
            (t ? table : narrow)->attention.exponentiate(y[t], n, &maxima[t], &sums[t]);
        }
        same(y[1], y[0], n, "exponentiate", "", n);
        same(&maxima[1], &maxima[0], 1, "exponentiate", "maximum", n);
        same(&sums[1], &sums[0], 1, "exponentiate", "sum", n);
        for (size_t i = padded; i < 300; i++) check(y[1][i] == x[i] || isnan(x[i]), "exponentiate", "wrote too far", n, i);
        fill_floats(w, n, turn >= 2000);
        for (int t = 0; t < 2; t++) (t ? table : narrow)->geglu(x, w, n, y[t]);
        same(y[1], y[0], n, "geglu", "as AVX2", n);
    }
}

static void prove_vectors(void) {
    static const size_t counts[] = {1, 5, 8, 37, 256, 2048};
    static float x[2048], w[2048], y[2][2048];
    static uint16_t half[2][2048];
    for (size_t k = 0; k < 6; k++) {
        const size_t n = counts[k];
        for (size_t i = 0; i < n; i++) x[i] = uniform(4), w[i] = uniform(2);
        for (int t = 0; t < 2; t++) (t ? table : spec)->rms_norm(x, w, 1e-6f, n, y[t]);
        near(y[1], y[0], n, 1e-5f, "rms_norm", "");
        for (int t = 0; t < 2; t++) (t ? table : spec)->geglu(x, w, n, y[t]);
        near(y[1], y[0], n, 1e-5f, "geglu", "");
        for (int t = 0; t < 2; t++) memcpy(y[t], w, n * sizeof *w), (t ? table : spec)->add(x, n, y[t]);
        same(y[1], y[0], n, "add", "", n);
        for (int t = 0; t < 2; t++) memcpy(y[t], x, n * sizeof *x), (t ? table : spec)->rope(y[t], w, w + n / 2, n / 2 * 2);
        near(y[1], y[0], n, 1e-5f, "rope", "");
        for (size_t i = 0; i < n; i++) x[i] = uniform(ldexpf(1, (int)below(44) - 26));
        for (int t = 0; t < 2; t++) (t ? table : spec)->to_f16(x, n, half[t]);
        check(memcmp(half[0], half[1], n * 2) == 0, "to_f16", "", n, 0);
        float sums[2], gaps[2], tops[2];
        for (int t = 0; t < 2; t++) {
            const carat_kernels *k = t ? table : spec;
            double sum;
            k->softmax_sum(x, n, &tops[t], &sum);
            sums[t] = (float)sum;
            gaps[t] = (float)k->softmax_gap(x, tops[t], w, 2, n);
        }
        same(&tops[1], &tops[0], 1, "softmax_sum", "maximum", n);
        near(&sums[1], &sums[0], 1, 1e-5f, "softmax_sum", "");
        near(&gaps[1], &gaps[0], 1, 1e-5f, "softmax_gap", "");
    }
    for (size_t heads = 1; heads <= 9; heads++)
        for (int kind = 0; kind < 6; kind++)
            prove_attention(heads, (size_t[]){32, 64, 256}[kind % 3], (size_t[]){1, 8, 37}[below(3)], kind % 3);
    prove_attention(2, 20, 5, CARAT_KV_F16);
    prove_attention(2, 20, 5, CARAT_KV_F32);
}

static void prove(const carat_kernels *kernels) {
    const size_t failed_before = failures;
    spec = carat_kernels_portable();
    table = kernels;
    compared = 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        prove_products(&formats[i]);
        prove_dequantize(&formats[i]);
        printf("  %s %s%s\n", table->isa, formats[i].name, table->tile[formats[i].id] ? ", tile" : "");
        fflush(stdout);
    }
    prove_float_format("f32", CARAT_F32, 4);
    prove_float_format("f16", CARAT_F16, 2);
    prove_float_format("bf16", CARAT_BF16, 2);
    prove_quantize();
    prove_vectors();
    if (strcmp(table->isa, "avx512vnni") == 0) prove_wide(carat_kernels_avx2());
    printf("%s: %zu comparisons, %zu wrong\n", table->isa, compared, failures - failed_before);
}

int main(int argc, char **argv) {
    const struct {
        const char *name;
        const carat_kernels *kernels;
    } tables[] = {
        {"avx2", carat_kernels_avx2()},
        {"avxvnni", carat_kernels_avxvnni()},
        {"avx512vnni", carat_kernels_avx512vnni()},
        {"neon", carat_kernels_neon()},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        bool asked = argc < 2;
        for (int k = 1; k < argc; k++) {
            const bool unwanted = argv[k][0] == '-';
            if (strcmp(argv[k] + unwanted, tables[i].name) != 0) continue;
            asked = !unwanted;
            if (unwanted == (tables[i].kernels == NULL)) continue;
            printf("WRONG: this CPU %s %s\n", unwanted ? "must not have" : "lacks", tables[i].name);
            failures++;
        }
        if (!tables[i].kernels) printf("%s: not on this CPU\n", tables[i].name);
        else if (asked) {
            if (strcmp(tables[i].kernels->isa, tables[i].name) != 0) failures++;
            prove(tables[i].kernels);
        }
    }
    printf("%s\n", failures == 0 ? "PROVED" : "FAILED");
    return failures != 0;
}
