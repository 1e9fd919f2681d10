#pragma once
// Encoders: rows of floats to the blocks of a weight format, behind a table that is chosen at run time by CPU feature.
//
// Each Float operation is rounded for itself and sums go over a group's weights in ascending order, in a lane of the
// group's own: so all instruction sets give the same bytes, which are those of the readable encoders in Swift.
#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/// Formats that floats are encoded to.
typedef enum {
    CARAT_ENCODE_F16,
    CARAT_ENCODE_BF16,
    CARAT_ENCODE_Q4_0,
    CARAT_ENCODE_Q5_0,
    CARAT_ENCODE_Q5_1,
    CARAT_ENCODE_Q8_0,
    CARAT_ENCODE_Q2_K,
    CARAT_ENCODE_Q3_K,
    CARAT_ENCODE_Q4_K,
    CARAT_ENCODE_Q5_K,
    CARAT_ENCODE_Q6_K,
    CARAT_ENCODING_COUNT
} carat_encoding;

/// Encodes `rows` rows of `columns` finite weights, a whole number of blocks, that lie one after another.
///
/// `importance[columns]`, unless null: what the squared error of a column weighs, not negative.
/// False where the weights are too large for the format: a scale would be infinite.
typedef bool (*carat_encode_fn)(
    const float *x, size_t rows, size_t columns, const float *_Nullable importance, void *out);

typedef struct {
    const char *isa;
    carat_encode_fn _Nullable encode[CARAT_ENCODING_COUNT];
    /// The search of `--effort high`; null where a format has none.
    carat_encode_fn _Nullable encode_high[CARAT_ENCODING_COUNT];
} carat_encoders;

/// The encoders as plain C, and those for AVX2; null where the CPU or the build lacks it.
const carat_encoders *carat_encoders_portable(void);
const carat_encoders *_Nullable carat_encoders_avx2(void);

/// Where the first NaN or infinity of x[count] is; `count` if there is none.
size_t carat_find_not_finite(const float *x, size_t count);

static inline carat_encode_fn _Nullable carat_encode(const carat_encoders *table, carat_encoding encoding, bool high) {
    const carat_encode_fn _Nullable best = high ? table->encode_high[encoding] : NULL;
    return best ? best : table->encode[encoding];
}

#pragma clang assume_nonnull end
