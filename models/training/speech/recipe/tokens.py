"""Text to the tokens that whisper.cpp's English models know (GPT-2's), and back."""

import tiktoken

END, START, NO_TIMESTAMPS = 50256, 50257, 50362
VOCABULARY = 51864
PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""


class Tokens:
    """`words` are the bytes of each token, as a model file has them; their order is the merges' order."""

    def __init__(self, words):
        ranks = {word: number for number, word in enumerate(words[:END])}
        self.encoding = tiktoken.Encoding("gpt2", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})

    def of(self, text):
        return self.encoding.encode(" " + text)

    def text(self, tokens):
        return self.encoding.decode([token for token in tokens if token < END]).strip()
