WORD = "words"
