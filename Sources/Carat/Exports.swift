// What a caller of `Model` needs, under the one import.
@_exported public import struct Engine.EngineSettings
@_exported public import enum Engine.EngineError
@_exported public import struct Engine.GenerationOptions
@_exported public import struct Engine.SamplingOptions
