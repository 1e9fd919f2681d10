public import Engine

// What a caller of `Model` needs, under the one import.
public typealias GenerationOptions = Engine.GenerationOptions
public typealias SamplingOptions = Engine.SamplingOptions
public typealias EngineSettings = Engine.EngineSettings
public typealias EngineError = Engine.EngineError
