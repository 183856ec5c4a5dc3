# Reproduces self_other.json. Run in this folder: Rscript self_other.R
# Versions used: R 4.2.2 (base and stats only).
library(jsonlite)
sc <- read.csv("data/sim52_scores.csv")
pr <- read.csv("data/sim52_peers_C1.csv")
items <- paste0("C1_0", 1:7)
peer <- tapply(rowMeans(pr[items], na.rm = TRUE), pr$ratee, mean)
d <- data.frame(id = as.integer(names(peer)), peer = as.numeric(peer), n = as.numeric(table(pr$ratee)))
d <- merge(d, data.frame(id = sc$id, own = sc$C1, ENG = sc$ENG))
# Means of the same answers tie only once rounding noise is removed.
tied <- function(x) signif(x, 12)
results <- list()
record <- function(name, call, note = "") {
  results[[name]] <<- list(dataset = "sim52_scores, sim52_peers_C1", call = call, value = eval(parse(text = call)), note = note)
}
record("t_test", "{ t <- t.test(d$own, d$peer, paired = TRUE); list(t = t$statistic, df = t$parameter, p = t$p.value, lower = t$conf.int[1], upper = t$conf.int[2], mean = t$estimate) }")
record("d_z", paste0("{ x <- d$own - d$peer; t <- t.test(x)$statistic; n <- length(x); f <- function(p) uniroot(function(nc) pt(t, n - 1, nc) - p, ",
  "c(-10, 10), tol = 1e-12)$root / sqrt(n); c(mean(x) / sd(x), f(.975), f(.025)) }"), "estimate and noncentral t interval")
record("pearson", "{ t <- cor.test(d$own, d$peer); c(t$estimate, t$conf.int) }")
record("spearman", "cor(tied(d$own), tied(d$peer), method = 'spearman')")
record("three_peers", "{ x <- d[d$n >= 3, ]; c(nrow(x), cor(x$own, x$peer), mean(x$n)) }")
surface <- function(y, s, o, type) { # polynomial regression on scores centred at 3; a1 to a5 of Edwards and Shanock
  s <- s - 3; o <- o - 3
  fit <- lm(y ~ s + o + I(s^2) + I(s * o) + I(o^2))
  L <- rbind(a1 = c(0, 1, 1, 0, 0, 0), a2 = c(0, 0, 0, 1, 1, 1), a3 = c(0, 1, -1, 0, 0, 0), a4 = c(0, 0, 0, 1, -1, 1), a5 = c(0, 0, 0, 1, 0, -1))
  V <- if (type == "const") vcov(fit) else sandwich::vcovHC(fit, type = type)
  est <- drop(L %*% coef(fit)); se <- sqrt(diag(L %*% V %*% t(L))); q <- qt(.975, fit$df.residual)
  list(coefficients = as.numeric(coef(fit)), r2 = summary(fit)$r.squared, estimate = est, se = se, lower = est - q * se,
       upper = est + q * se, p = 2 * pt(-abs(est / se), fit$df.residual))
}
record("surface", "surface(d$ENG, d$own, d$peer, 'const')", "Shanock et al. (2010); RSA's a1 to a5 by lm")
record("surface_HC3", "surface(d$ENG, d$own, d$peer, 'HC3')")
record("surface_increment", paste0("{ f <- lm(ENG ~ own + peer, d); g <- lm(ENG ~ own + peer + I(own^2) + I(own * peer) + I(peer^2), d); ",
  "a <- anova(f, g); c(a$F[2], a$`Pr(>F)`[2]) }"))
record("bland_altman", paste0("{ x <- d$own - d$peer; n <- length(x); se <- sqrt(3 * var(x) / n); u <- mean(x) + qnorm(.975) * sd(x); ",
  "l <- mean(x) - qnorm(.975) * sd(x); c(bias = mean(x), lower = l, upper = u, slope = coef(lm(x ~ I((own + peer) / 2), d))[[2]]) }"))
# With clusters: sums of scores over the teams of the persons rated (vcovCL, HC1 for lm as statsmodels, C / (C - 1) else).
d <- merge(d, read.csv("data/sim52_full.csv")[c("id", "team")])
nested_mean <- function(x, team) {
  fit <- lm(x ~ 1); C <- length(unique(team))
  se <- sqrt(drop(sandwich::vcovCL(fit, cluster = team, type = "HC0"))); t <- coef(fit)[[1]] / se
  f <- function(p) uniroot(function(nc) pt(t, C - 1, nc) - p, c(-20, 20), tol = 1e-12)$root * se / sd(x)
  list(estimate = coef(fit)[[1]], se = se, lower = coef(fit)[[1]] - qt(.975, C - 1) * se, p = 2 * pt(-abs(t), C - 1),
       df = C - 1, d_lower = f(.975), d_upper = f(.025))
}
nested_surface <- function(y, s, o, team) {
  s <- s - 3; o <- o - 3; fit <- lm(y ~ s + o + I(s^2) + I(s * o) + I(o^2)); V <- sandwich::vcovCL(fit, cluster = team, type = "HC1")
  L <- rbind(c(0, 1, 1, 0, 0, 0), c(0, 0, 0, 1, 1, 1), c(0, 1, -1, 0, 0, 0), c(0, 0, 0, 1, -1, 1), c(0, 0, 0, 1, 0, -1))
  b <- coef(fit)[4:6]; F <- drop(b %*% solve(V[4:6, 4:6]) %*% b) / 3; C <- length(unique(team))
  list(se = sqrt(diag(L %*% V %*% t(L))), F = F, p = pf(F, 3, C - 1, lower.tail = FALSE))
}
record("nested_mean", "nested_mean(d$own - d$peer, d$team)")
record("nested_surface", "nested_surface(d$ENG, d$own, d$peer, d$team)")
write_json(list(meta = list(R = R.version.string), results = results), "self_other.json", auto_unbox = TRUE, digits = 17)
