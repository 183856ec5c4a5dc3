# Reproduces change.json. Run in this folder: Rscript change.R
# Versions used: R 4.2.2, lme4 1.1-31, psych 2.2.9, metafor 3.8-1.
suppressMessages({library(lme4); library(psych); library(metafor); library(jsonlite)})

waves <- read.csv("data/waves.csv")
long <- data.frame(score = c(waves$first, waves$second), person = rep(seq_len(nrow(waves)), 2),
                   wave = rep(1:2, each = nrow(waves)))
fit <- lmer(score ~ 1 + (1 | person) + (1 | wave), long, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14)))
parts <- as.data.frame(VarCorr(fit)); parts <- setNames(parts$vcov, parts$grp)
icc <- ICC(waves, lmer = FALSE)$results[2, ]
d <- waves$second - waves$first
results <- list(
  retest = list(sem_agreement = sqrt(parts[["wave"]] + parts[["Residual"]]), sem_consistency = sqrt(parts[["Residual"]]),
                icc = icc$ICC, lower = icc[["lower bound"]], upper = icc[["upper bound"]],
                mean = mean(d), ci = as.numeric(t.test(d)$conf.int))
)
studies <- data.frame(y = c(.10, .30, .35, .65, .45, .15), se = c(.17, .15, .22, .13, .11, .2))
alike <- data.frame(y = c(.30, .31, .29, .32), se = c(.1, .12, .15, .2))
pool <- function(s) {
  m <- rma(y, sei = se, data = s, method = "REML", test = "adhoc", control = list(threshold = 1e-12, maxiter = 10000))
  p <- predict(m); ci <- confint(m)$random
  fe <- rma(y, sei = se, data = s, method = "FE")
  list(average = as.numeric(fe$beta), average_ci = c(fe$ci.lb, fe$ci.ub), estimate = as.numeric(m$beta), se = m$se, lower = m$ci.lb, upper = m$ci.ub, pi = c(p$pi.lb, p$pi.ub),
       tau2 = m$tau2, tau2_ci = as.numeric(ci["tau^2", c("ci.lb", "ci.ub")]), q = m$QE, p = m$QEp, i2 = m$I2 / 100)
}
results$pool <- pool(studies); results$alike <- pool(alike); results$two <- pool(studies[c(1, 4), ])
# Mean difference of two groups in standard deviations, with the exact small-sample correction.
known <- read.csv("data/known_groups.csv")
a <- known$score[known$group == "experienced"]; b <- known$score[known$group == "new"]
es <- escalc("SMD", m1i = mean(a), m2i = mean(b), sd1i = sd(a), sd2i = sd(b), n1i = length(a), n2i = length(b))
w <- t.test(a, b)
results$known <- list(g = as.numeric(es$yi), difference = mean(a) - mean(b), ci = as.numeric(w$conf.int), t = unname(w$statistic),
                      df = unname(w$parameter), p = w$p.value,
                      superiority = unname(wilcox.test(a, b, exact = FALSE)$statistic) / (length(a) * length(b)))
meta <- list(R = R.version.string, lme4 = as.character(packageVersion("lme4")), psych = as.character(packageVersion("psych")),
             metafor = as.character(packageVersion("metafor")))
write_json(list(meta = meta, results = results), "change.json", digits = 15, auto_unbox = TRUE)
