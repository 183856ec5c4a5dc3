# Reproduces groups.json. Run in this folder: Rscript groups.R
# Versions used: R 4.2.2 (base and stats only).
library(jsonlite)
sc <- read.csv("data/sim52_scores.csv")
results <- list()
record <- function(name, call, note = "") {
  results[[name]] <<- list(dataset = "sim52_scores", call = call, value = eval(parse(text = call)), note = note)
}
test <- function(t) list(statistic = as.numeric(t$statistic), df = as.numeric(t$parameter), p = t$p.value)
record("kruskal_sector", "test(kruskal.test(C1 ~ factor(sector), sc))")
record("kruskal_team", "test(kruskal.test(ENG ~ factor(team), sc))")
record("welch_sector", "test(oneway.test(C1 ~ sector, sc))")
record("mean_ranks", "as.list(tapply(rank(sc$C1), sc$sector, mean))")
dunn <- function(x, g) { # Dunn (1964)
  r <- rank(x); n <- length(x); t <- table(x); k <- sort(unique(g)); pairs <- combn(k, 2)
  v <- n * (n + 1) / 12 - sum(t^3 - t) / (12 * (n - 1))
  z <- apply(pairs, 2, function(p) (mean(r[g == p[1]]) - mean(r[g == p[2]])) / sqrt(v * (1 / sum(g == p[1]) + 1 / sum(g == p[2]))))
  p <- 2 * pnorm(-abs(z))
  list(a = pairs[1, ], b = pairs[2, ], z = z, p = p, holm = p.adjust(p, "holm"))
}
record("dunn_sector", "dunn(sc$C1, sc$sector)")
games_howell <- function(x, g) { # Games & Howell (1976)
  k <- sort(unique(g)); pairs <- combn(k, 2)
  n <- tapply(x, g, length); v <- tapply(x, g, var) / n; m <- tapply(x, g, mean)
  one <- function(p) {
    e <- sqrt(v[p[1]] + v[p[2]]); d <- m[p[1]] - m[p[2]]
    df <- (v[p[1]] + v[p[2]])^2 / (v[p[1]]^2 / (n[p[1]] - 1) + v[p[2]]^2 / (n[p[2]] - 1))
    unname(c(d, d / e, df, ptukey(sqrt(2) * abs(d / e), length(k), df, lower.tail = FALSE)))
  }
  t(apply(pairs, 2, one))
}
record("games_howell_sector", "games_howell(sc$C1, sc$sector)")
record("superiority", "wilcox.test(C1 ~ sector, sc[sc$sector != 'voluntary', ], exact = FALSE)$statistic / (400 * 232)", "health over social care")
write_json(list(meta = list(R = R.version.string), results = results), "groups.json", auto_unbox = TRUE, digits = 17)
