print("carat")
