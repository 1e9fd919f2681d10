// Loops that show what one core can do at best. Written in assembly, so that no compiler can shorten them.
#include "CMachineProbe.h"

#include "kernels.h"

#include <string.h>

uint64_t carat_probe_adds(size_t count) {
    uint64_t x = 0;
    // a register operand: newer cores add small constants for nothing
    uint64_t one = 1;
    for (size_t i = 0; i < count / 8; i++) {
#if defined(__x86_64__)
        __asm__ volatile(
            "add %1, %0\n add %1, %0\n add %1, %0\n add %1, %0\n"
            "add %1, %0\n add %1, %0\n add %1, %0\n add %1, %0\n"
            : "+r"(x)
            : "r"(one)
            : "cc");
#elif defined(__aarch64__)
        __asm__ volatile(
            "add %0, %0, %1\n add %0, %0, %1\n add %0, %0, %1\n add %0, %0, %1\n"
            "add %0, %0, %1\n add %0, %0, %1\n add %0, %0, %1\n add %0, %0, %1\n"
            : "+r"(x)
            : "r"(one));
#else
        for (int j = 0; j < 8; j++) {
            x += one;
            __asm__ volatile("" : "+r"(x));
        }
#endif
    }
    return x;
}

static uint64_t read_portable(const uint8_t *memory, size_t bytes) {
    uint64_t sums[32] = {0};
    for (size_t i = 0; i < bytes; i += sizeof sums) {
        uint64_t words[32];
        memcpy(words, memory + i, sizeof words);
        for (int j = 0; j < 32; j++) sums[j] += words[j];
    }
    uint64_t sum = 0;
    for (int j = 0; j < 32; j++) sum += sums[j];
    return sum;
}

#if CARAT_HAS_AVX2
#include <immintrin.h>

__attribute__((target("avx2"))) static uint64_t read_avx2(const uint8_t *memory, size_t bytes) {
    __m256i sums[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t i = 0; i < bytes; i += 128) {
        for (int j = 0; j < 4; j++) {
            sums[j] = _mm256_add_epi64(sums[j], _mm256_loadu_si256((const void *)(memory + i + 32 * j)));
        }
    }
    const __m256i sum = _mm256_add_epi64(_mm256_add_epi64(sums[0], sums[1]), _mm256_add_epi64(sums[2], sums[3]));
    uint64_t words[4];
    _mm256_storeu_si256((void *)words, sum);
    return words[0] + words[1] + words[2] + words[3];
}

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

#define CARAT_FMA(n) "vfmadd231ps %%ymm15, %%ymm14, %%ymm" #n "\n"
#define CARAT_MADD(t, n) "vpmaddubsw %%ymm15, %%ymm14, %%ymm" #t "\n vpaddw %%ymm" #t ", %%ymm" #n ", %%ymm" #n "\n"
#define CARAT_ALL_YMM                                                                                              \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
        "xmm13", "xmm14", "xmm15", "cc"

static uint64_t float_macs_avx2(size_t rounds) {
    size_t left = rounds;
    __asm__ volatile(
        "vzeroall\n 1:\n" CARAT_FMA(0) CARAT_FMA(1) CARAT_FMA(2) CARAT_FMA(3) CARAT_FMA(4) CARAT_FMA(5) CARAT_FMA(6)
            CARAT_FMA(7) CARAT_FMA(8) CARAT_FMA(9) CARAT_FMA(10) CARAT_FMA(11) "dec %0\n jnz 1b\n vzeroupper\n"
        : "+r"(left)
        :
        : CARAT_ALL_YMM);
    return rounds * 12 * 8;
}

static uint64_t int8_macs_avx2(size_t rounds) {
    size_t left = rounds;
    __asm__ volatile(
        "vzeroall\n 1:\n" CARAT_MADD(8, 0) CARAT_MADD(9, 1) CARAT_MADD(10, 2) CARAT_MADD(11, 3) CARAT_MADD(12, 4)
            CARAT_MADD(13, 5) CARAT_MADD(8, 6) CARAT_MADD(9, 7) "dec %0\n jnz 1b\n vzeroupper\n"
        : "+r"(left)
        :
        : CARAT_ALL_YMM);
    return rounds * 8 * 32;
}

// Registers 16 to 31, so that none of those of AVX2 is touched.
#define CARAT_WIDE_FMA(n) "vfmadd231ps %%zmm31, %%zmm30, %%zmm" #n "\n"
#define CARAT_WIDE_MADD(n) "vpdpbusd %%zmm31, %%zmm30, %%zmm" #n "\n"
#define CARAT_WIDE_ZERO(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n"
#define CARAT_TWELVE(what)                                                                                            \
    what(16) what(17) what(18) what(19) what(20) what(21) what(22) what(23) what(24) what(25) what(26) what(27)
#define CARAT_ALL_ZMM                                                                                                 \
    "zmm16", "zmm17", "zmm18", "zmm19", "zmm20", "zmm21", "zmm22", "zmm23", "zmm24", "zmm25", "zmm26", "zmm27", \
        "zmm30", "zmm31", "cc"

#define CARAT_WIDE_PROBE(name, instruction, macs)                                                                     \
    CARAT_AVX512VNNI static uint64_t name(size_t rounds) {                                                            \
        size_t left = rounds;                                                                                         \
        __asm__ volatile(                                                                                             \
            CARAT_TWELVE(CARAT_WIDE_ZERO) CARAT_WIDE_ZERO(30) CARAT_WIDE_ZERO(31)                                     \
            "1:\n" CARAT_TWELVE(instruction) "dec %0\n jnz 1b\n"                                                     \
            : "+r"(left)                                                                                              \
            :                                                                                                         \
            : CARAT_ALL_ZMM);                                                                                         \
        return rounds * 12 * (macs);                                                                                  \
    }
CARAT_WIDE_PROBE(float_macs_avx512, CARAT_WIDE_FMA, 16)
CARAT_WIDE_PROBE(int8_macs_avx512, CARAT_WIDE_MADD, 64)
#endif

uint64_t carat_probe_read(const void *memory, size_t bytes) {
#if CARAT_HAS_AVX2
    if (has_avx2()) return read_avx2(memory, bytes);
#endif
    return read_portable(memory, bytes);
}

uint64_t carat_probe_float_macs(size_t rounds) {
#if CARAT_HAS_AVX2
    if (carat_kernels_avx512vnni() != NULL && rounds > 0) return float_macs_avx512(rounds);
    if (has_avx2() && rounds > 0) return float_macs_avx2(rounds);
#endif
    return 0;
}

uint64_t carat_probe_int8_macs(size_t rounds) {
#if CARAT_HAS_AVX2
    if (carat_kernels_avx512vnni() != NULL && rounds > 0) return int8_macs_avx512(rounds);
    if (has_avx2() && rounds > 0) return int8_macs_avx2(rounds);
#endif
    return 0;
}
