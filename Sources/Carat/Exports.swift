// What a caller of `Model` needs, under the one import.
@_exported public import class Compute.KVCache
@_exported public import enum Compute.ComputeError
@_exported public import struct Compute.Kernels
@_exported public import enum Engine.EngineError
@_exported public import struct Engine.EngineSettings
@_exported public import enum Engine.FinishReason
@_exported public import struct Engine.GenerationOptions
@_exported public import struct Engine.GenerationResult
@_exported public import struct Engine.GenerationTimings
@_exported public import struct Engine.SamplingOptions
@_exported public import enum GGUF.GGUFError
@_exported public import enum Gemma.GemmaError
@_exported public import enum Planner.Precision
@_exported public import struct Planner.ErrorTable
@_exported public import struct Planner.MachineCosts
@_exported public import enum Tokenizer.TokenizerError
