#pragma once
// Loops that show what one core can do at best, for benches that state results as a part of it.
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// `count` additions of which each waits for the one before: one clock cycle each on every CPU of interest.
uint64_t carat_probe_adds(size_t count);

/// Reads `bytes` (a multiple of 256) once from front to back; returns a sum that keeps the reads from being left out.
uint64_t carat_probe_read(const void *memory, size_t bytes);

/// Independent Float multiply-adds in registers. Returns how many were done, or 0 where this CPU has no loop for it.
uint64_t carat_probe_float_macs(size_t rounds);

/// Independent int8 multiply-adds in registers, as the K formats' tiles do them: into int32 by AVX-512-VNNI, into int16 by
/// AVX2. Returns likewise.
uint64_t carat_probe_int8_macs(size_t rounds);

#pragma clang assume_nonnull end
