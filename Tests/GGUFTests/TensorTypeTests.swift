import GGUF
import Testing

@Test func typeIDs() { #expect(TensorType.Q4_K.rawValue == 12) }
