# Reproduces irt.json. Run in this folder: Rscript irt.R
# Versions used: R 4.2.2, mirt 1.47, ltm 1.2.0.
suppressMessages({library(mirt); library(ltm); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")
sim <- read.csv("data/sim52.csv")
agree <- transform(bfi[1:5], A1 = 7 - A1)
sets <- list(bfi_agree = agree, bfi_agree_complete = na.omit(agree), sim52_C1 = sim[grep("^C1_", names(sim))],
             science = read.csv("data/ltm_science.csv")[c("Comfort", "Work", "Future", "Benefit")])
theta <- seq(-4, 4, by = 0.5)
table_of <- function(x) list(rows = rownames(x), cols = colnames(x), values = unname(as.matrix(x)))
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)

results <- list()
for (name in names(sets)) {
  x <- sets[[name]]
  fit <- mirt(x, 1, itemtype = "graded", SE = TRUE, SE.type = "Oakes", TOL = 1e-6, verbose = FALSE,
              technical = list(NCYCLES = 5000))
  se <- do.call(rbind, lapply(coef(fit, printSE = TRUE), function(item) t(item)))
  results[[paste0("grm.", name)]] <- entry(name, "mirt(x, 1, itemtype = 'graded', SE.type = 'Oakes', TOL = 1e-6)", list(
    irt_pars = table_of(coef(fit, IRTpars = TRUE, simplify = TRUE)$items),
    slope_int = table_of(coef(fit, simplify = TRUE)$items),
    std_loadings = as.list(summary(fit, verbose = FALSE)$rotF[, 1]), logLik = extract.mirt(fit, "logLik"),
    AIC = extract.mirt(fit, "AIC"), BIC = extract.mirt(fit, "BIC"), npar = extract.mirt(fit, "nest"), n = nrow(x),
    se = table_of(se)))
  results[[paste0("grm_info.", name)]] <- entry(name, "testinfo; iteminfo; expected.test", list(
    theta = theta, test_info = testinfo(fit, matrix(theta)),
    item_info = table_of(sapply(seq_along(x), function(i) iteminfo(extract.item(fit, i), matrix(theta)))),
    expected_test = expected.test(fit, matrix(theta))))
  results[[paste0("grm_rel.", name)]] <- entry(name, "empirical_rxx; marginal_rxx", list(
    empirical = empirical_rxx(fscores(fit, full.scores.SE = TRUE)), marginal = marginal_rxx(fit)))
  scores <- cbind(fscores(fit, full.scores.SE = TRUE), fscores(fit, method = "MAP", full.scores.SE = TRUE))[1:25, ]
  colnames(scores) <- c("EAP", "EAP_SE", "MAP", "MAP_SE")
  results[[paste0("grm_scores.", name)]] <- entry(name, "fscores", table_of(scores), "first 25 rows")
  results[[paste0("itemfit.", name)]] <- entry(name, "itemfit(fit, fit_stats = 'S_X2', na.rm = TRUE)",
    as.list(itemfit(fit, fit_stats = "S_X2", na.rm = TRUE)), "rows with missing answers left out; mincell = 1")
  results[[paste0("q3.", name)]] <- entry(name, "residuals(fit, type = 'Q3')",
    table_of(residuals(fit, type = "Q3", verbose = FALSE)))
  rough <- grm(x)
  results[[paste0("ltm_grm.", name)]] <- entry(name, "ltm::grm(x)",
    list(coefficients = coef(rough), logLik = as.numeric(logLik(rough))), "21 Gauss-Hermite points")
}
whole <- mirt(sim[grep("^C[0-9]_", names(sim))], 1, itemtype = "graded", verbose = FALSE)
results[["grm52.sim52"]] <- entry("sim52", "mirt(x, 1, itemtype = 'graded')", list(
  irt_pars = table_of(coef(whole, IRTpars = TRUE, simplify = TRUE)$items), logLik = extract.mirt(whole, "logLik"),
  test_info = testinfo(whole, matrix(theta))), "TOL 1e-4, mirt's default, so looser than the others")
meta <- list(R = R.version.string, mirt = as.character(packageVersion("mirt")), ltm = as.character(packageVersion("ltm")))
write_json(list(meta = meta, results = results), "irt.json", auto_unbox = TRUE, digits = NA, na = "null")
