"""Where every column comes from: read from SQL, declared where SQL cannot tell."""
