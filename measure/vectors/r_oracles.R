# Reads three lines per case (positive, champion, challenger) and answers one line of JSON per vector, its table's name first.
suppressPackageStartupMessages({ library(pROC); library(BiasedUrn) })
number <- function(x) format(x, digits = 17)
lines <- readLines(file("stdin"))
for (case in seq(1, length(lines), by = 3)) {
  row <- function(offset) as.numeric(strsplit(lines[case + offset], " ")[[1]])
  champion <- roc(row(0), row(1), levels = c(0, 1), direction = "<", quiet = TRUE)
  challenger <- roc(row(0), row(2), levels = c(0, 1), direction = "<", quiet = TRUE)
  test <- roc.test(challenger, champion, method = "delong", paired = TRUE)
  cat(sprintf('roc-by-r {"aucA": %s, "aucB": %s, "z": %s, "p": %s}\n',
    number(champion$auc), number(challenger$auc), number(unname(test$statistic)), number(test$p.value)))
}
for (table in list(c(10, 90, 8), c(700, 300, 40), c(1010, 99000, 516))) {
  for (odds in c(0.3, 1, 2.5, 12)) {
    for (x in unique(round(c(0.1, 0.5, 0.9) * min(table[1], table[3])))) {
      p <- dFNCHypergeo(x, table[1], table[2], table[3], odds, precision = 1e-15)
      if (p > 1e-200) {
        cat(sprintf('fisher-noncentral-by-r {"x": %d, "canary": %d, "baseline": %d, "bad": %d, "odds": %s, "probability": %s}\n',
          x, table[1], table[2], table[3], number(odds), number(p)))
      }
    }
  }
}
