internal import CTinyModel
public import GGUF

/// The small model that lives inside the binary: carat-tiny, 3.3 million weights of the Gemma architecture.
///
/// It writes plausible English sentences and no facts: for a first try, examples and tests.
public enum EmbeddedModel {
    public static let name = "carat-tiny"

    public static func open() throws(GGUFError) -> GGUFFile {
        try GGUFFile(bytes: FileBytes(static: carat_tiny_model(), count: carat_tiny_model_size()))
    }
}
