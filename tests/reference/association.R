# Reproduces association.json. Run in this folder: Rscript association.R
# Versions used: R 4.2.2, psych 2.2.9, sandwich 3.0-2, lmtest 0.9-40, lme4 1.1-31, lmerTest 3.1-3, MASS 7.3-58.2,
# mice 3.15.
suppressMessages({library(jsonlite); library(psych); library(sandwich); library(lmtest); library(lmerTest)})

sc <- read.csv("data/sim52_scores.csv")
full <- read.csv("data/sim52_full.csv")
comp <- paste0("C", 1:8)
out <- c("ENG", "SAT", "MEA", "SUP")
fo <- reformulate(comp, "ENG")
miss <- sc[1:60, c("C1", "C2", "ENG", "SAT")]
miss$C1[c(2, 9, 30)] <- NA; miss$ENG[c(9, 11, 12, 40)] <- NA
miss$C2 <- round(miss$C2)

results <- list()
record <- function(name, call, note = "") {
  value <- suppressMessages(suppressWarnings(eval(parse(text = call))))
  results[[name]] <<- list(dataset = "sim52_scores", call = call, value = value, note = note)
}
m <- function(x) list(rows = rownames(x), cols = colnames(x), values = unclass(x)[, ])
table4 <- function(x) m(as.matrix(unclass(x)))
precise <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
mixed <- function(f, data = sc) {
  fit <- lmer(f, data, control = precise)
  v <- as.data.frame(VarCorr(fit))
  list(fixed = m(as.matrix(coef(summary(fit)))), variances = as.list(setNames(v$vcov, v$grp)),
       log_likelihood = as.numeric(logLik(fit)))
}

for (method in c("spearman", "pearson", "kendall")) {
  record(paste0("cor_", method), sprintf("m(cor(sc[comp], sc[out], method = '%s'))", method))
  record(paste0("test_", method, "_missing"), sprintf(
    "{ t <- cor.test(miss$C1, miss$ENG, method = '%s', exact = FALSE); list(estimate = t$estimate, p = t$p.value) }", method),
    "first 60 rows with missing values")
}
record("pearson_interval", "as.numeric(cor.test(sc$C1, sc$ENG)$conf.int)")
record("p_adjust", paste0("sapply(c('holm', 'hochberg', 'hommel', 'bonferroni', 'BH', 'BY'), function(m) list(p.adjust(c(0.0001, ",
  "0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1), m)))"),
  "Benjamini and Hochberg's (1995) example")
record("disattenuated", "correct.cor(matrix(c(1, .3, .3, 1), 2), c(.8, .5))[1, 2]")
for (type in c("HC0", "HC1", "HC2", "HC3", "const")) {
  record(paste0("lm_", type), sprintf("table4(coeftest(lm(fo, sc), vcov. = vcovHC(lm(fo, sc), type = '%s')))", type))
}
record("lm_confint_HC3", "m(coefci(lm(fo, sc), vcov. = vcovHC(lm(fo, sc), type = 'HC3')))")
record("lm_standardised", "as.list(coef(lm(update(fo, . ~ .), as.data.frame(scale(sc[c('ENG', comp)]))))[-1])")
record("lm_summary", "{ s <- summary(lm(fo, sc)); list(r2 = s$r.squared, adjusted = s$adj.r.squared) }")
record("lm_cluster", "table4(coeftest(lm(fo, sc), vcov. = vcovCL(lm(fo, sc), cluster = sc$team, type = 'HC1'), df = length(unique(sc$team)) - 1))")
record("lm_sector", "table4(coeftest(lm(ENG ~ C1 + sector, sc), vcov. = vcovHC(lm(ENG ~ C1 + sector, sc), type = 'HC3')))")
record("lmer_team", "mixed(ENG ~ C1 + C2 + C3 + C4 + C5 + C6 + C7 + C8 + (1 | team))")
record("lmer_null", "mixed(ENG ~ 1 + (1 | team))")
record("lmer_two", "mixed(ENG ~ C1 + (1 | team) + (1 | sector))")
crossing <- transform(sc, block = (seq_len(nrow(sc)) * 7) %% 40)
record("lmer_crossed", "mixed(ENG ~ C1 + C2 + (1 | team) + (1 | block), crossing)", "block = (row * 7) mod 40: singular for block or nearly so")
record("lmer_singular", "mixed(ENG ~ C1 + (1 | block), transform(sc, block = rank(ENG, ties.method = 'first') %% 50))",
       "groups alike by construction: variance between them zero")
record("partial", paste0("{ r <- function(v, f) resid(lm(update(f, reformulate('.', v)), sc)); x <- sapply(c('C1', 'ENG'), ",
  "function(v) resid(lm(reformulate(c('C2', 'sector'), v), sc))); cor(x)[1, 2] }"), "Pearson, given C2 and sector")
record("partial_spearman", "{ x <- as.data.frame(lapply(sc[c('C1', 'ENG', 'C2', 'C3')], rank)); i <- solve(cor(x)); -i[1, 2] / sqrt(i[1, 1] * i[2, 2]) }",
       "Spearman, given C2 and C3")
all_r2 <- function(y, x) { # R squared of every subset of predictors, indexed by a bit mask
  p <- ncol(x)
  sapply(0:(2^p - 1), function(b) { k <- bitwAnd(b, 2^(0:(p - 1))) > 0
    if (any(k)) summary(lm(y ~ x[, k, drop = FALSE]))$r.squared else 0 })
}
dominance <- function(y, x) { # Azen & Budescu (2003): mean gain by size of the subset, then over sizes
  p <- ncol(x); r2 <- all_r2(y, x); masks <- 0:(2^p - 1); size <- sapply(masks, function(b) sum(bitwAnd(b, 2^(0:(p - 1))) > 0))
  conditional <- sapply(1:p, function(j) sapply(0:(p - 1), function(s) {
    without <- masks[size == s & bitwAnd(masks, 2^(j - 1)) == 0]
    mean(r2[without + 2^(j - 1) + 1] - r2[without + 1]) }))
  list(general = colMeans(conditional), conditional = conditional)
}
record("dominance", "dominance(sc$ENG, as.matrix(sc[comp[1:5]]))", "rows of conditional: size of the subset from 0")
relative <- function(y, x) { # Johnson (2000)
  e <- eigen(cor(x)); L <- e$vectors %*% diag(sqrt(e$values)) %*% t(e$vectors)
  drop(L^2 %*% solve(L, cor(x, y))^2)
}
record("relative_weights", "relative(sc$ENG, as.matrix(sc[comp]))")
record("williams", "{ t <- r.test(n = 800, r12 = cor(sc$C1, sc$ENG), r13 = cor(sc$C2, sc$ENG), r23 = cor(sc$C1, sc$C2)); list(t = t$t, p = t$p) }")
record("steiger", paste0("{ r <- function(a, b) cor(sc[[a]], sc[[b]]); t <- r.test(n = 800, r12 = r('C1', 'ENG'), r34 = r('C2', 'SAT'), ",
  "r23 = r('ENG', 'C2'), r13 = r('C1', 'C2'), r14 = r('C1', 'SAT'), r24 = r('ENG', 'SAT')); list(z = t$z, p = t$p) }"))
record("independent", "{ t <- r.test(n = 100, r12 = .5, r34 = .2, n2 = 140); list(z = t$z, p = t$p) }")
record("polr", paste0("{ f <- MASS::polr(factor(full$SAT_01) ~ C1 + C2 + C3, sc, Hess = TRUE, control = list(reltol = 1e-15)); ",
  "list(table = m(coef(summary(f))), log_likelihood = as.numeric(logLik(f))) }"))
record("polr_teams", paste0("{ f <- MASS::polr(factor(full$SAT_01) ~ C1 + C2 + C3, sc, Hess = TRUE, control = list(reltol = 1e-15)); ",
  "V <- sandwich::vcovCL(f, cluster = full$team, type = 'HC0')[1:3, 1:3]; C <- length(unique(full$team)); b <- coef(f); ",
  "w <- drop(b %*% solve(V) %*% b) / 3; ",
  "list(error = as.numeric(sqrt(diag(V))), p = as.numeric(2 * pt(-abs(b / sqrt(diag(V))), C - 1)), together = pf(w, 3, C - 1, lower.tail = FALSE)) }"),
  "cluster-robust by teams, C / (C - 1)")
record("pool_scalar", "mice::pool.scalar(c(.5, .55, .48, .6, .52), c(.01, .012, .011, .009, .01), n = 100, k = 3)[c('qbar', 't', 'df', 'fmi')]",
       "mice 3.15")
write_json(list(meta = list(R = R.version.string), results = results), "association.json", auto_unbox = TRUE, digits = 17, na = "null")
