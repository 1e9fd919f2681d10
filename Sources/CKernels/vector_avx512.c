// The float operations between the matmuls that repay 512 bits; the others are those of AVX2.
#include "exp_avx512.h"
#include "vector.h"

#if CARAT_HAS_AVX2
CARAT_AVX512VNNI void carat_geglu_avx512(const float *gate, const float *up, size_t count, float *out) {
    const __m512 one = _mm512_set1_ps(1), cubic = _mm512_set1_ps(0.044715f), twice = _mm512_set1_ps(-1.5957691216f);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m512 g = _mm512_loadu_ps(gate + i);
        const __m512 t = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_mul_ps(g, g), cubic), g, g);
        const __m512 denominator = _mm512_add_ps(one, carat_exp16(_mm512_mul_ps(t, twice)));
        _mm512_storeu_ps(out + i, _mm512_mul_ps(_mm512_div_ps(g, denominator), _mm512_loadu_ps(up + i)));
    }
    carat_geglu_avx2(gate + i, up + i, count - i, out + i);
}
#endif
