TWICE = "a directory too deep"
