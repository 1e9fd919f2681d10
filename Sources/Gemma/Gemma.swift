// Gemma
