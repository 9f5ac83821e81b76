(() => {
  const box = document.getElementById('search'), told = document.getElementById('found');
  const rows = [...document.querySelectorAll('[data-words]')];
  const look = () => {
    const asked = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = asked.every(word => row.dataset.words.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    told.textContent = asked.length ? `${shown} of ${rows.length}` : '';
  };
  box.addEventListener('input', look);
  const asked = new URLSearchParams(location.search).get('q');
  if (asked) { box.value = asked; look(); }
})();
