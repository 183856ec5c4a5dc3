# Reproduces dif.json. Run in this folder: Rscript dif.R
# Versions used: R 4.2.2, MASS 7.3-58, sandwich 3.0-2, brglm2 0.9.
suppressMessages({library(MASS); library(sandwich); library(brglm2); library(jsonlite)})

# Mean of the other items, for people who answered at least half of them.
rest <- function(x, i) {
  others <- x[-i]
  ifelse(rowSums(!is.na(others)) >= length(others) / 2, rowMeans(others, na.rm = TRUE), NA)
}
fit <- function(formula, d) polr(formula, d, Hess = TRUE, control = list(reltol = 1e-16, maxit = 2000))

wald <- function(m, d, last) {
  at <- match(last, rownames(vcov(m)))
  b <- coef(m)[last]
  drop(b %*% solve(vcovCL(m, cluster = d$cluster)[at, at]) %*% b)
}
study <- function(x, group, cluster = NULL) {
  rows <- lapply(seq_along(x), function(i) {
    d <- data.frame(y = x[[i]], s = rest(x, i), g = group)
    if (!is.null(cluster)) d$cluster <- cluster
    d <- d[complete.cases(d), ]
    d$y <- factor(d$y, ordered = TRUE)
    d$s <- (d$s - mean(d$s)) / sd(d$s)
    m <- list(fit(y ~ s, d), fit(y ~ s + g, d), fit(y ~ s * g, d))
    l <- sapply(m, function(f) as.numeric(logLik(f)))
    counts <- table(d$y); l0 <- sum(counts * log(counts / sum(counts))); n <- nrow(d)
    nagelkerke <- (1 - exp(2 * (l0 - l) / n)) / (1 - exp(2 * l0 / n))
    pairs <- list(c(2, 1), c(3, 2), c(3, 1)); k <- nlevels(group) - 1; df <- c(k, k, 2 * k)
    lr <- sapply(pairs, function(p) 2 * (l[p[1]] - l[p[2]]))
    out <- list(n = n, log_likelihood = l, statistic = lr, df = df, p = pchisq(lr, df, lower.tail = FALSE),
                mcfadden = sapply(pairs, function(p) (l[p[2]] - l[p[1]]) / l0),
                nagelkerke = sapply(pairs, function(p) nagelkerke[p[1]] - nagelkerke[p[2]]),
                slope_change = abs(coef(m[[2]])[["s"]] / coef(m[[1]])[["s"]] - 1))
    if (!is.null(cluster)) {
      main <- setdiff(names(coef(m[[2]])), "s"); product <- setdiff(names(coef(m[[3]])), c("s", main))
      w <- c(wald(m[[2]], d, main), wald(m[[3]], d, product), wald(m[[3]], d, c(main, product)))
      c <- length(unique(d$cluster))
      out$wald <- w
      # Clusters less one, or less the groups where every cluster lies in one group.
      nested <- all(tapply(d$g, d$cluster, function(x) length(unique(x))) == 1)
      nu <- if (nested) c - nlevels(group) else c - 1
      out$wald_p <- pf(w * (nu - df + 1) / (df * nu), df, nu - df + 1, lower.tail = FALSE)
    }
    out
  })
  names(rows) <- names(x)
  rows
}
adjusted <- function(rows) p.adjust(sapply(rows, function(r) r$p[3]), "BH")
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)

bfi <- read.csv("data/bfi.csv")
agree <- transform(bfi[c("A1", "A2", "A3", "A4", "A5")], A1 = 7 - A1)
gender <- factor(bfi$gender)
sim <- read.csv("data/sim52_full.csv")
sector <- factor(sim$sector)
c1 <- sim[paste0("C1_0", 1:7)]
c6 <- sim[paste0("C6_0", 1:6)]

by_gender <- study(agree, gender); c1_sector <- study(c1, sector, sim$team); c6_sector <- study(c6, sector, sim$team)
# Items that a group separates: everybody of group b gives the highest answer. Two categories by brglm2, five by a
# general-purpose search for the maximum of log likelihood + log|expected information| / 2.
separated <- read.csv("data/separated.csv")
two <- glm(high ~ score * group, binomial, separated, method = "brglmFit", type = "MPL_Jeffreys",
           epsilon = 1e-12, maxit = 10000)
information <- function(par, x, m) {
  tau <- par[1:m]; eta <- drop(x %*% par[-(1:m)]); total <- 0
  for (k in 1:(m + 1)) {
    upper <- if (k <= m) plogis(tau[k] - eta) else rep(1, nrow(x)); lower <- if (k > 1) plogis(tau[k - 1] - eta) else 0 * eta
    fu <- upper * (1 - upper); fl <- lower * (1 - lower)
    d <- cbind(matrix(0, nrow(x), m), -(fu - fl) * x)
    if (k <= m) d[, k] <- d[, k] + fu
    if (k > 1) d[, k - 1] <- d[, k - 1] - fl
    total <- total + crossprod(d / sqrt(upper - lower))
  }
  total
}
penalised <- function(y, x, free) {
  m <- max(y) - 1
  objective <- function(p) {
    par <- c(cumsum(c(p[1], exp(p[2:m]))), p[-(1:m)], rep(0, ncol(x) - free))
    eta <- drop(x %*% par[-(1:m)]); bounds <- c(-Inf, par[1:m], Inf)
    l <- sum(log(plogis(bounds[y + 1] - eta) - plogis(bounds[y] - eta)))
    if (!is.finite(l)) return(1e10)
    -(l + determinant(information(par, x, m))$modulus / 2)
  }
  p <- c(qlogis(mean(y == 1)), log(rep(1, m - 1)), rep(0, free))
  for (i in 1:20) p <- optim(p, objective, method = if (i %% 2) "BFGS" else "Nelder-Mead",
                             control = list(reltol = 1e-15, maxit = 20000))$par
  list(thresholds = cumsum(c(p[1], exp(p[2:m]))), coefficients = p[-(1:m)], penalised = -objective(p))
}
x <- with(separated, cbind(score, b = group == "b", product = score * (group == "b")))
five <- list(all = penalised(separated$answer, x, 3), score_only = penalised(separated$answer, x, 1))

note <- "three tests in the order uniform, non-uniform, total; matched on the mean of the other items"
call <- "MASS::polr(y ~ s), (y ~ s + g), (y ~ s * g)"
results <- list(
  agree_gender = entry("A1 to A5 of bfi, A1 reversed, by gender", call, by_gender, note),
  c1_sector = entry("C1 of sim52_full by sector, clusters team", paste(call, "; sandwich::vcovCL"), c1_sector, note),
  c6_sector = entry("C6 of sim52_full by sector, clusters team", paste(call, "; sandwich::vcovCL"), c6_sector, note),
  separated_two = entry("separated.csv, high by score and group", "brglm2::brglmFit(type = 'MPL_Jeffreys')",
                        list(coefficients = unname(coef(two)), log_likelihood = as.numeric(logLik(two)))),
  separated_five = entry("separated.csv, answer by score and group", "stats::optim on the penalised likelihood", five),
  agree_adjusted = entry("p of the total tests of agree_gender", "p.adjust(p, 'BH')", adjusted(by_gender)),
  c1_adjusted = entry("p of the total tests of c1_sector", "p.adjust(p, 'BH')", adjusted(c1_sector))
)
meta <- list(R = R.version.string, MASS = as.character(packageVersion("MASS")),
             sandwich = as.character(packageVersion("sandwich")), brglm2 = as.character(packageVersion("brglm2")))
write_json(list(meta = meta, results = results), "dif.json", digits = 15, auto_unbox = TRUE)
