/// Texts by which tokens are known to be control tokens when a file does not say so.
///
/// Files made from SentencePiece models mark `<end_of_turn>` and others as user-defined. Taken at their word, these
/// tokens would be made from what a user writes, so that a user could end a turn or open another.
enum ControlTexts {
    /// The end of a turn; the first that a vocabulary has is its end of turn.
    static let endOfTurn = [
        "<end_of_turn>", "<|im_end|>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "_<EOT>",
        "[EOT]", "<end_of_utterance>", "<｜end▁of▁sentence｜>",
    ]

    /// Tokens after which nothing is generated, besides the ends of turns.
    static let endOfGeneration = [
        "<eos>", "<|eom_id|>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>", "[EOS]", "<turn|>",
        "<|tool_response>", "[e~[", "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>",
        "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
    ]

    /// Other control tokens: what opens a turn and what frames code to be filled in.
    static let others = [
        "<start_of_turn>", "<bos>", "<|im_start|>",
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>",
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>",
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>",
    ]

    /// Ends a text in many vocabularies, and strikes text through in the HTML of Gemma's.
    ///
    /// So it ends generation only where the file itself calls it a control token or the end of text.
    static let closingS = "</s>"
}
