// Carat
